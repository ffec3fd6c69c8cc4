"""Patrols: teams, plans with their routes and stops, ticks, and links for the phones of teams."""

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    for part in ("patrols", "planning", "ticks"):
        op.get_bind().exec_driver_sql((_SQL / f"0011_{part}.sql").read_text(encoding="utf-8").replace("%", "%%"))
