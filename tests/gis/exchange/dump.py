"""A fingerprint of everything that is stored."""

from __future__ import annotations

from sqlalchemy import text

from gis.storage.engine import Store

_ROWS = "SELECT count(*) || md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM everycell.{} t"


def fingerprint(store: Store, *, revisions: bool = True) -> dict[str, str]:
    """For every table of the schema the hash of its rows in order.

    Without `revisions` the outline's number of loads does not count.
    """
    with store.read() as conn:
        tables = conn.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'everycell' ORDER BY tablename")
        ).scalars()
        names = tables.all()
        found = {table: str(conn.execute(text(_ROWS.format(table))).scalar()) for table in names}
        if not revisions:
            sql = "SELECT county || ST_AsText(geom) FROM everycell.county_outline"
            found["county_outline"] = str(conn.execute(text(sql)).scalars().all())
        return found
