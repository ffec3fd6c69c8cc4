-- The figures of some cells for several cut-off days, as everycell.coverage() reckons them: what a few cells cost does not
-- depend on how many the county has.
SELECT d.since, c.code, h.known,
       coalesce((SELECT sum(homes) FROM (SELECT unnest(h.reached[d.since - date '2000-01-01':]) AS homes) w), 0) AS reached,
       coalesce((SELECT sum(homes) FROM (SELECT unnest(h.contact[d.since - date '2000-01-01':]) AS homes) w), 0) AS contacted,
       h.never_reached AS never,
       h.known - coalesce((
           SELECT sum(homes) FROM (SELECT unnest(h.due[CAST(:today AS date) - date '2000-01-01':]) AS homes) w), 0) AS overdue
FROM unnest(CAST(:since AS date[])) AS d (since)
CROSS JOIN everycell.cell c
JOIN everycell.coverage_histogram h ON h.county = c.county AND h.cell = c.code
WHERE c.county = :county AND c.code = ANY (CAST(:cells AS text[])) AND c.retired_on IS NULL
ORDER BY d.since, c.code
