"""Whoever waits for news hears of published counts of cases at once."""

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.get_bind().exec_driver_sql((_SQL / "0012_case_news.sql").read_text(encoding="utf-8").replace("%", "%%"))
