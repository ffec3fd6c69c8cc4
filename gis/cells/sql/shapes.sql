-- Cells as maps are drawn from them, in the order of their codes. `level` is null: a cell is none.
SELECT c.code, c.name, CAST(NULL AS text) AS level, ST_AsBinary(c.geom) AS wkb
FROM everycell.cell c
WHERE c.county = ANY (CAST(:counties AS integer[])) AND c.retired_on IS NULL AND starts_with(c.code, :area)
ORDER BY c.code
