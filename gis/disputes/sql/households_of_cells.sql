-- The cells of some counties as they are now, with the households known in each.
SELECT c.code, coalesce(h.known, 0) AS households
FROM everycell.cell c
LEFT JOIN everycell.coverage_histogram h ON h.county = c.county AND h.cell = c.code
WHERE c.county = ANY (:counties) AND c.retired_on IS NULL
ORDER BY c.code
