-- The bounding box of every live cell of a county, in degrees, in the order of `cells/revisions`.
SELECT ST_XMin(geom) AS west, ST_YMin(geom) AS south, ST_XMax(geom) AS east, ST_YMax(geom) AS north
FROM everycell.cell
WHERE county = :county AND retired_on IS NULL
ORDER BY code
