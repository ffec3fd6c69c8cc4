-- The figures of the households of some cells, by the cell they are in and the one that a change would bring them into:
-- `doors` are those that would move, to `places`.
SELECT d.cell AS was, coalesce(m.place, d.cell) AS place, count(*) AS known,
       count(*) FILTER (WHERE h.last_reached_on >= :since) AS reached,
       count(*) FILTER (WHERE h.last_contact_on >= :since AND (h.last_reached_on < :since OR h.last_reached_on IS NULL)) AS tried,
       count(*) FILTER (WHERE h.last_reached_on IS NULL) AS never,
       count(*) FILTER (WHERE h.due_on < :today) AS overdue, min(h.last_reached_on) AS oldest_on
FROM everycell.doorplate d
JOIN everycell.household h ON h.county = :county AND h.doorplate = d.id AND h.status = 'active'
LEFT JOIN unnest(CAST(:doors AS bigint[]), CAST(:places AS text[])) AS m (door, place) ON m.door = d.id
WHERE d.county = :county AND d.cell = ANY (CAST(:codes AS text[])) GROUP BY 1, 2
ORDER BY 1, 2
