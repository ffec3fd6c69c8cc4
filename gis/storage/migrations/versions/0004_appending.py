"""Appending visits: new ids in a table that stays small, rows in the order of their households."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.create_table(
        "recent_visit_id",
        sa.Column("county", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("county", "id", name="pk_recent_visit_id"),
        schema="everycell",
    )
    op.get_bind().exec_driver_sql((_SQL / "0004_appending.sql").read_text(encoding="utf-8").replace("%", "%%"))
