"""How the cases of a county stood when a month ended: by stage, and the revisits that were due."""

from pathlib import Path

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.get_bind().exec_driver_sql((_SQL / "0016_standing.sql").read_text(encoding="utf-8").replace("%", "%%"))
