-- Places of closed cases to be visited again: of one case all, else those that wait and are due up to a day, the longest
-- overdue first. Of family disputes no place is told.
SELECT r.county, r.dispute, r.seq, r.area, d.category, r.due_on, r.done_at, r.outcome, ST_X(s.geom) AS lon,
       ST_Y(s.geom) AS lat
FROM everycell.revisit r
JOIN everycell.dispute d ON d.county = r.county AND d.id = r.dispute
LEFT JOIN everycell.snap_point s
    ON s.county = d.county AND s.id = d.snap AND s.ended_at IS NULL AND d.category <> 'family'
WHERE r.county = ANY (:counties)
    AND CASE WHEN CAST(:dispute AS uuid) IS NULL
             THEN r.done_at IS NULL AND r.due_on <= CAST(:until AS date) ELSE r.dispute = CAST(:dispute AS uuid) END
    AND (CAST(:area AS text) IS NULL OR starts_with(r.area, CAST(:area AS text)))
    AND (CAST(:after_on AS date) IS NULL OR (r.due_on, r.dispute, r.seq)
        > (CAST(:after_on AS date), CAST(:after_id AS uuid), CAST(:after_seq AS integer)))
ORDER BY r.due_on, r.dispute, r.seq LIMIT :limit
