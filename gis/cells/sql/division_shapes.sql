-- Divisions as maps are drawn from them, in the order of their codes. Shared by all counties: no county column.
SELECT d.code, d.name, d.level, ST_AsBinary(d.geom) AS wkb
FROM everycell.division d
WHERE starts_with(d.code, :area)
ORDER BY d.code
