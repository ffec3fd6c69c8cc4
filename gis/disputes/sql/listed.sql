-- Cases of an area, a page of them: those whose date runs first, by their date; then what waits for something else, then
-- what has ended, each by when it was reported. As in one.sql, of family disputes the village is all that is told.
-- That those asked for have not ended is said in the words of the index of dates (ix_dispute_due), which is partial; and
-- points are looked up for what stands on the page alone.
SELECT c.county, c.id, c.area, c.category, c.channel, c.state, c.level, c.version, c.reported_at, c.registered_at,
       c.due_at, c.extensions, c.ended_at, ST_X(s.geom) AS lon, ST_Y(s.geom) AS lat, c.rank, c.sorted_at
FROM (
    SELECT * FROM (
        SELECT d.*,
               CASE WHEN d.ended_at IS NOT NULL THEN 2 WHEN d.state = ANY (:running) THEN 0 ELSE 1 END AS rank,
               CASE WHEN d.state = ANY (:running) THEN d.due_at ELSE d.reported_at END AS sorted_at
        FROM everycell.dispute d
        WHERE d.county = ANY (:counties)
            AND (CAST(:area AS text) IS NULL OR starts_with(d.area, CAST(:area AS text)))
            AND (CAST(:states AS text[]) IS NULL OR d.state = ANY (CAST(:states AS text[])))
            AND (NOT CAST(:open AS boolean) OR d.ended_at IS NULL)
            AND (CAST(:category AS text) IS NULL OR d.category = CAST(:category AS text))
            AND (CAST(:level AS text) IS NULL OR d.level = CAST(:level AS text))
            AND (CAST(:due_before AS timestamptz) IS NULL OR (
                d.state = ANY (:running) AND d.due_at <= CAST(:due_before AS timestamptz)))
    ) found
    WHERE CAST(:after_rank AS integer) IS NULL OR (rank, sorted_at, id)
        > (CAST(:after_rank AS integer), CAST(:after_at AS timestamptz), CAST(:after_id AS uuid))
    ORDER BY rank, sorted_at, id LIMIT :limit
) c
LEFT JOIN everycell.snap_point s
    ON s.county = c.county AND s.id = c.snap AND s.ended_at IS NULL AND c.category <> 'family'
ORDER BY c.rank, c.sorted_at, c.id
