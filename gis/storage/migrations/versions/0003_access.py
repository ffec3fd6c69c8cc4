"""Access: accounts, grants, tokens, sessions, audit, row policies for the role that the service works as."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    for part in ("households", "access", "retention"):
        op.get_bind().exec_driver_sql((_SQL / f"0003_{part}.sql").read_text(encoding="utf-8").replace("%", "%%"))
