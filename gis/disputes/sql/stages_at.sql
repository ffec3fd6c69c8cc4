-- In which state the cases that are counted in a month were at an instant, without family disputes; one that was registered
-- after it is as it was then. For publication alone.
SELECT coalesce(was.state, 'registered') AS state, count(*)::integer AS cases
FROM everycell.dispute d
LEFT JOIN LATERAL (
    SELECT e.state FROM everycell.dispute_event e
    WHERE e.county = d.county AND e.dispute = d.id AND e.at < CAST(:at AS timestamptz) ORDER BY e.seq DESC LIMIT 1
) was ON true
WHERE d.county = :county AND d.counted_on = CAST(:month AS date) AND d.category <> 'family'
GROUP BY 1
