-- Doorplates by address. No index: it would make every import of doorplates a third dearer, and reading a county of a
-- million takes an eighth of a second. Folding case is asked for only where there are letters: it is ten times dearer.
SELECT 'doorplate' AS kind, id, code, address, NULL AS unit, cell, ST_X(geom) AS lon, ST_Y(geom) AS lat
FROM everycell.doorplate
WHERE county = ANY (CAST(:counties AS integer[]))
    AND (address LIKE ALL (CAST(:patterns AS text[])) OR :fold AND address ILIKE ALL (CAST(:patterns AS text[])))
LIMIT :limit
