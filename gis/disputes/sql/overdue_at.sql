-- Cases that were past their date at an instant, by cell, of those that are counted in months before a day: by what their
-- last event before the instant says. For publication alone.
SELECT d.cell, count(*)::integer AS cases
FROM everycell.dispute d
JOIN LATERAL (
    SELECT e.state, e.due_at FROM everycell.dispute_event e
    WHERE e.county = d.county AND e.dispute = d.id AND e.at < CAST(:at AS timestamptz) ORDER BY e.seq DESC LIMIT 1
) was ON was.state = ANY (CAST(:states AS text[])) AND was.due_at <= CAST(:at AS timestamptz)
WHERE d.county = :county AND d.counted_on < CAST(:after AS date)
GROUP BY d.cell
