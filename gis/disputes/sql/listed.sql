-- Cases of an area, a page of them: those whose date runs first, by their date; then what waits for something else, then
-- what has ended, each by when it was reported. As in one.sql, of family disputes the village is all that is told.
-- That those asked for have not ended is said in the words of the index of dates (ix_dispute_due), which is partial.
SELECT c.* FROM (
    SELECT d.county, d.id, d.area, d.category, d.channel, d.state, d.level, d.version, d.reported_at, d.registered_at,
           d.due_at, d.extensions, d.ended_at, ST_X(s.geom) AS lon, ST_Y(s.geom) AS lat,
           CASE WHEN d.ended_at IS NOT NULL THEN 2 WHEN d.state = ANY (:running) THEN 0 ELSE 1 END AS rank,
           CASE WHEN d.state = ANY (:running) THEN d.due_at ELSE d.reported_at END AS sorted_at
    FROM everycell.dispute d
    LEFT JOIN everycell.snap_point s
        ON s.county = d.county AND s.id = d.snap AND s.ended_at IS NULL AND d.category <> 'family'
    WHERE d.county = ANY (:counties)
        AND (CAST(:area AS text) IS NULL OR starts_with(d.area, CAST(:area AS text)))
        AND (CAST(:states AS text[]) IS NULL OR d.state = ANY (CAST(:states AS text[])))
        AND (NOT CAST(:open AS boolean) OR d.ended_at IS NULL)
        AND (CAST(:category AS text) IS NULL OR d.category = CAST(:category AS text))
        AND (CAST(:level AS text) IS NULL OR d.level = CAST(:level AS text))
        AND (CAST(:due_before AS timestamptz) IS NULL OR (
            d.state = ANY (:running) AND d.due_at <= CAST(:due_before AS timestamptz)))
) c
WHERE CAST(:after_rank AS integer) IS NULL OR (c.rank, c.sorted_at, c.id)
    > (CAST(:after_rank AS integer), CAST(:after_at AS timestamptz), CAST(:after_id AS uuid))
ORDER BY c.rank, c.sorted_at, c.id LIMIT :limit
