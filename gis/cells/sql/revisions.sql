-- Every live cell of a county with its revision and the version of its shape.
SELECT c.code, r.revision, c.version
FROM everycell.cell c
JOIN everycell.cell_revision r ON r.county = :county AND r.cell = c.code
WHERE c.county = :county AND c.retired_on IS NULL
ORDER BY c.code
