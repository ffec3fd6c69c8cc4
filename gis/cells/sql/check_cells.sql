-- Cells without a revision, and households of a cell that is known to be empty.
SELECT 'cell' AS kind, c.code, 'revision' AS figure, 'none' AS stored, '1' AS counted
FROM everycell.cell c
LEFT JOIN everycell.cell_revision r ON r.county = c.county AND r.cell = c.code
WHERE c.county = :county AND r.cell IS NULL
ORDER BY c.code
