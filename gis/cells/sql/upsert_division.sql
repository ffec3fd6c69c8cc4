INSERT INTO everycell.division AS d (code, level, name, parent, source, geom)
VALUES (:code, :level, :name, :parent, :source, ST_GeomFromWKB(:wkb, 4490))
ON CONFLICT (code) DO UPDATE SET name = excluded.name, source = excluded.source
WHERE (d.name, d.source) IS DISTINCT FROM (excluded.name, excluded.source)
RETURNING (xmax = 0) AS inserted
