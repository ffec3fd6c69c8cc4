"""Doorplates, households and key sites are edited through the service; codes that have ended are never used again."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.get_bind().exec_driver_sql((_SQL / "0006_places.sql").read_text(encoding="utf-8").replace("%", "%%"))
