-- Doorplates whose figures are not those of their households.
SELECT 'doorplate' AS kind, d.code, 'households, never, oldest, due' AS figure,
       concat_ws(', ', d.households, d.never, coalesce(d.oldest_on::text, '-'), coalesce(d.due_on::text, '-')) AS stored,
       concat_ws(', ', f.households, f.never, coalesce(f.oldest_on::text, '-'), coalesce(f.due_on::text, '-')) AS counted
FROM everycell.doorplate d
JOIN (
    SELECT p.id, count(h.id) AS households, count(h.id) FILTER (WHERE h.last_reached_on IS NULL) AS never,
           min(h.last_reached_on) AS oldest_on, min(h.due_on) AS due_on
    FROM everycell.doorplate p
    LEFT JOIN everycell.household h ON h.county = p.county AND h.doorplate = p.id AND h.status = 'active'
    WHERE p.county = :county GROUP BY p.id
) f ON f.id = d.id
WHERE d.county = :county AND (d.households, d.never, d.oldest_on, d.due_on)
    IS DISTINCT FROM (f.households, f.never, f.oldest_on, f.due_on)
ORDER BY d.code
