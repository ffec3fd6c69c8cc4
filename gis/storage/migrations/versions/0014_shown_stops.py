"""A link of a team keeps which stops it has shown, so that none of its ticks is lost when a stop is moved."""

from pathlib import Path

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.get_bind().exec_driver_sql((_SQL / "0014_shown_stops.sql").read_text(encoding="utf-8").replace("%", "%%"))
