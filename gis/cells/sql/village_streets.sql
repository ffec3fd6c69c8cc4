-- The streets that meet a village, with their class; in the order of their ids.
SELECT s.class, ST_AsBinary(s.geom) AS wkb
FROM everycell.street s
JOIN everycell.division d ON d.code = :village AND ST_Intersects(s.geom, d.geom)
WHERE s.county = :county
ORDER BY s.id
