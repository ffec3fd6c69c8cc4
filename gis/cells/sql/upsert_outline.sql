INSERT INTO everycell.county_outline AS o (county, geom) VALUES (:county, ST_GeomFromWKB(:wkb, 4490))
ON CONFLICT (county) DO UPDATE SET geom = excluded.geom, revision = o.revision + 1
WHERE NOT ST_OrderingEquals(o.geom, excluded.geom)
