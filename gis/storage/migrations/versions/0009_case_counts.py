"""Published counts of cases, and the month in which each case is counted."""

from pathlib import Path

from alembic import op

from gis.settings import settings

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    statements = (_SQL / "0009_case_counts.sql").read_text(encoding="utf-8").replace("{timezone}", settings().timezone)
    op.get_bind().exec_driver_sql(statements.replace("%", "%%"))
