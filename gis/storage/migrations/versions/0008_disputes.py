"""Cases of civil disputes, and the snap points that stand for where they lie."""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    for part in ("snapping", "disputes"):
        op.get_bind().exec_driver_sql((_SQL / f"0008_{part}.sql").read_text(encoding="utf-8").replace("%", "%%"))
