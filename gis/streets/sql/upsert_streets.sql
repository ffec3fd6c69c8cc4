INSERT INTO everycell.street AS t (county, id, class, name, geom)
SELECT :county, id, class, name, ST_GeomFromText(wkt, 4490) FROM staged_street
ON CONFLICT (county, id) DO UPDATE SET class = excluded.class, name = excluded.name, geom = excluded.geom
WHERE (t.class, t.name, t.geom::bytea) IS DISTINCT FROM (excluded.class, excluded.name, excluded.geom::bytea)
RETURNING (xmax = 0) AS inserted
