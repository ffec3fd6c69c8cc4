"""What the board beside the map shows: visits and patrols of today, key sites due, cases past their date; alarms."""

from pathlib import Path

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    for part in ("board", "alarms", "overdue"):
        op.get_bind().exec_driver_sql((_SQL / f"0015_{part}.sql").read_text(encoding="utf-8").replace("%", "%%"))
