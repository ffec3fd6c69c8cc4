-- Visits whose day is not the day of their instant where the county is, and visits whose id is not marked as used,
-- or twice.
SELECT 'visit' AS kind, v.id::text AS code, 'day' AS figure, v.visited_on::text AS stored,
       (v.visited_at AT TIME ZONE :timezone)::date::text AS counted
FROM everycell.visit v
WHERE v.county = :county AND v.visited_on <> (v.visited_at AT TIME ZONE :timezone)::date
UNION ALL
SELECT 'visit', v.id::text, 'id', 'free', 'used'
FROM everycell.visit v
WHERE v.county = :county
    AND NOT EXISTS (SELECT FROM everycell.visit_id i WHERE i.county = :county AND i.id = v.id)
    AND NOT EXISTS (SELECT FROM everycell.recent_visit_id i WHERE i.county = :county AND i.id = v.id)
UNION ALL
SELECT 'visit', r.id::text, 'id', 'twice', 'once'
FROM everycell.recent_visit_id r JOIN everycell.visit_id i ON i.county = r.county AND i.id = r.id
WHERE r.county = :county
ORDER BY 2, 3
