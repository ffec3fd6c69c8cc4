-- Days of the histogram that do not hold the number of households that stand there.
WITH counted AS (
    SELECT k.kind, k.day, d.cell, count(*)::integer AS households
    FROM everycell.doorplate d
    JOIN everycell.household h ON h.county = d.county AND h.doorplate = d.id AND h.status = 'active'
    CROSS JOIN LATERAL (VALUES
        ('reached', coalesce(h.last_reached_on, '-infinity')), ('contact', coalesce(h.last_contact_on, '-infinity')),
        ('due', h.due_on)) AS k (kind, day)
    WHERE d.county = :county GROUP BY 1, 2, 3
), stored AS (
    SELECT kind, day, cell, households FROM everycell.coverage_day WHERE county = :county
)
SELECT 'histogram' AS kind, cell AS code, kind || ' ' || day::text AS figure,
       coalesce(s.households, 0)::text AS stored, coalesce(c.households, 0)::text AS counted
FROM stored s FULL JOIN counted c USING (kind, day, cell)
WHERE s.households IS DISTINCT FROM c.households
ORDER BY cell, kind, day
