-- Every live cell of a county: its revision, its name, and whether it is known to hold no household.
SELECT c.code, c.name, c.confirmed_empty_on IS NOT NULL AS confirmed_empty, r.revision
FROM everycell.cell c
JOIN everycell.cell_revision r ON r.county = :county AND r.cell = c.code
WHERE c.county = :county AND c.retired_on IS NULL
ORDER BY c.code
