"""A stop that was only skipped is missed, on the board as everywhere else; an alarm of them is about one day.

Acknowledging and putting aside takes the alarms that were read, not whatever is up in an area.
"""

from pathlib import Path

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    for part in ("board", "alarms"):
        op.get_bind().exec_driver_sql((_SQL / f"0017_{part}.sql").read_text(encoding="utf-8").replace("%", "%%"))
