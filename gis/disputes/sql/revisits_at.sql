-- What had become at an instant of the revisits that were due in a month, without those of family disputes. For publication
-- alone.
SELECT CASE WHEN r.done_at < CAST(:at AS timestamptz) THEN r.outcome ELSE 'waiting' END AS outcome,
       count(*)::integer AS revisits
FROM everycell.revisit r JOIN everycell.dispute d ON d.county = r.county AND d.id = r.dispute
WHERE r.county = :county AND r.due_on >= CAST(:month AS date) AND r.due_on < CAST(:after AS date)
    AND d.category <> 'family' AND d.counted_on < CAST(:after AS date)
GROUP BY 1
