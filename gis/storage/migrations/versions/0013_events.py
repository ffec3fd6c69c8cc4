"""Events: what is committed, in the order of the commits, for screens and other systems."""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    for name in ("0013_events", "0013_webhooks"):
        op.get_bind().exec_driver_sql((_SQL / f"{name}.sql").read_text(encoding="utf-8").replace("%", "%%"))
