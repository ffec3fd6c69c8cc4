INSERT INTO everycell.site AS t
    (county, code, name, category, address, geom, check_interval_days, last_checked_on, source)
SELECT :county, s.code, s.name, s.category, s.address, ST_SetSRID(ST_MakePoint(s.lon, s.lat), 4490),
       s.check_interval_days, s.last_checked_on, s.source
FROM staged_site s ORDER BY s.code
ON CONFLICT (county, code) DO UPDATE
SET name = excluded.name, category = excluded.category, address = coalesce(excluded.address, t.address),
    geom = excluded.geom, check_interval_days = excluded.check_interval_days,
    last_checked_on = greatest(excluded.last_checked_on, t.last_checked_on), source = excluded.source
WHERE (t.name, t.category, t.address, t.geom::bytea, t.check_interval_days, t.last_checked_on, t.source)
    IS DISTINCT FROM (
        excluded.name, excluded.category, coalesce(excluded.address, t.address), excluded.geom::bytea,
        excluded.check_interval_days, greatest(excluded.last_checked_on, t.last_checked_on), excluded.source)
RETURNING (xmax = 0) AS inserted
