-- Visits whose day is not the day of their instant where the county is.
SELECT 'visit' AS kind, id::text AS code, 'day' AS figure, visited_on::text AS stored,
       (visited_at AT TIME ZONE :timezone)::date::text AS counted
FROM everycell.visit
WHERE county = :county AND visited_on <> (visited_at AT TIME ZONE :timezone)::date
ORDER BY id
