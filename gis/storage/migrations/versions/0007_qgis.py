"""GIS staff on the database itself: the role everycell_editor, what it may write, and the record of direct edits."""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    for part in ("refusals", "editors"):
        op.get_bind().exec_driver_sql((_SQL / f"0007_{part}.sql").read_text(encoding="utf-8").replace("%", "%%"))
