-- The whole histogram of a county as numbers.
SELECT cell::bigint AS cell, CASE kind WHEN 'reached' THEN 0 WHEN 'contact' THEN 1 ELSE 2 END AS kind, day, households
FROM everycell.coverage_day
WHERE county = :county AND households > 0
