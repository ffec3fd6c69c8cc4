"""Change sets: drafts and their operations, the history and lineage of cells, publishing as one transaction."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    for part in ("changesets", "history", "publish"):
        op.get_bind().exec_driver_sql((_SQL / f"0005_{part}.sql").read_text(encoding="utf-8").replace("%", "%%"))
