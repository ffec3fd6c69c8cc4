"""The histogram of a cell in one row: what was a row for each of its days becomes an element of an array."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_CODE = sa.Text(collation="C")
_SQL = Path(__file__).parent.parent / "sql"
_DAYS = (
    "LEAST(registered_on, last_reached_on, last_contact_on) >= '1990-01-01'"
    " AND GREATEST(registered_on, last_reached_on, last_contact_on) < '2100-01-01'"
)


def upgrade() -> None:
    _refuse_days()
    op.create_check_constraint("ck_household_days", "household", _DAYS, schema="everycell")
    op.drop_table("coverage_day", schema="everycell")
    _table()
    op.get_bind().exec_driver_sql((_SQL / "0002_histogram.sql").read_text(encoding="utf-8").replace("%", "%%"))
    op.execute("SELECT everycell.recount_cells(county, array_agg(code)) FROM everycell.cell GROUP BY county")


def _refuse_days() -> None:
    """An array that reached back to 1900 would be mostly zeros: say which household stands there, and stop."""
    household = sa.table("household", sa.column("code", sa.Text), schema="everycell")
    outside = sa.select(sa.func.min(household.c.code)).where(sa.literal_column(f"NOT ({_DAYS})"))
    code = op.get_bind().execute(outside).scalar()
    if code is not None:
        raise ValueError(
            f"household {code}: registered_on, last_reached_on and last_contact_on must lie between 1990 and 2099; "
            "correct it in the database and start again"
        )


def _table() -> None:
    op.create_table(
        "coverage_histogram",
        sa.Column("county", sa.Integer(), nullable=False),
        sa.Column("cell", _CODE, nullable=False),
        *(_count(name) for name in ("known", "never_reached", "never_contacted")),
        *(_days(name) for name in ("reached", "contact", "due")),
        sa.CheckConstraint(
            "0 <= never_contacted AND never_contacted <= never_reached AND never_reached <= known",
            name="ck_coverage_histogram_never",
        ),
        sa.CheckConstraint(
            "0 <= ALL (reached) AND 0 <= ALL (contact) AND 0 <= ALL (due)", name="ck_coverage_histogram_days"
        ),
        sa.CheckConstraint("reached[array_lower(reached, 1)] > 0", name="ck_coverage_histogram_oldest"),
        sa.PrimaryKeyConstraint("county", "cell", name="pk_coverage_histogram"),
        sa.ForeignKeyConstraint(
            ["county", "cell"], ["everycell.cell.county", "everycell.cell.code"], name="fk_coverage_histogram_cell"
        ),
        schema="everycell",
        postgresql_with={"fillfactor": 50},
    )


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)


def _days(name: str) -> sa.Column[list[int]]:
    return sa.Column(name, ARRAY(sa.Integer()), server_default=sa.text("'{}'"), nullable=False)
