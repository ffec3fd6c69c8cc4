-- The villages of an area that have general cells, and how many doors each has.
SELECT c.village, count(d.id) AS num_doors
FROM everycell.cell c
LEFT JOIN everycell.doorplate d ON d.county = c.county AND d.cell = c.code
WHERE c.county = :county AND c.retired_on IS NULL AND c.kind = 'general' AND starts_with(c.village, :area)
GROUP BY c.village
ORDER BY c.village
