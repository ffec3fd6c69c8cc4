-- The histogram of a county, or of some of its cells, as numbers.
SELECT cell::bigint AS cell, CASE kind WHEN 'reached' THEN 0 WHEN 'contact' THEN 1 ELSE 2 END AS kind, day, households
FROM everycell.coverage_day
WHERE county = :county AND households > 0 AND (CAST(:cells AS text[]) IS NULL OR cell = ANY (CAST(:cells AS text[])))
