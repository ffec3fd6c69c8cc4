-- Name and shape of some live cells, in the order of their codes.
SELECT code, name, ST_AsBinary(geom) AS wkb
FROM everycell.cell
WHERE county = :county AND code = ANY (CAST(:codes AS text[])) AND retired_on IS NULL
ORDER BY code
