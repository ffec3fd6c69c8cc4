-- The histogram of some cells, counted from their households: `coverage_day` is sorted by day, so its rows of a single
-- cell lie all over the county's.
SELECT d.cell::bigint AS cell, k.kind, k.day, count(*)::integer AS households
FROM everycell.doorplate d
JOIN everycell.household h ON h.county = :county AND h.doorplate = d.id AND h.status = 'active'
CROSS JOIN LATERAL (VALUES (0, coalesce(h.last_reached_on, '-infinity')), (1, coalesce(h.last_contact_on, '-infinity')),
                           (2, h.due_on)) AS k (kind, day)
WHERE d.county = :county AND d.cell = ANY (CAST(:cells AS text[]))
GROUP BY d.cell, k.kind, k.day
