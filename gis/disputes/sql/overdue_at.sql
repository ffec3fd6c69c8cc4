-- Cases by cell, of those that are counted in months before a day: how many were past their date at an instant, by what
-- their last event before it says; how many of these are counted from `first` on; and how many of those that are counted
-- before it were not past their date and had not ended. For publication alone.
SELECT d.cell, count(*) FILTER (WHERE l.late)::integer AS cases,
       count(*) FILTER (WHERE l.late AND d.counted_on >= CAST(:first AS date))::integer AS fresh,
       count(*) FILTER (WHERE NOT l.late AND d.counted_on < CAST(:first AS date)
                              AND coalesce(was.state, 'registered') <> ALL (CAST(:ended AS text[])))::integer AS spare
FROM everycell.dispute d
LEFT JOIN LATERAL (
    SELECT e.state, e.due_at FROM everycell.dispute_event e
    WHERE e.county = d.county AND e.dispute = d.id AND e.at < CAST(:at AS timestamptz) ORDER BY e.seq DESC LIMIT 1
) was ON true
CROSS JOIN LATERAL (
    SELECT coalesce(was.state = ANY (CAST(:states AS text[])) AND was.due_at <= CAST(:at AS timestamptz), false) AS late
) l
WHERE d.county = :county AND d.counted_on < CAST(:after AS date)
GROUP BY d.cell
