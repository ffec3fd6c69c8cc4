-- Entries that do not follow from the one before them; of one day where it is given, its first held against the last
-- entry before it.
WITH entry AS (
    SELECT a.*, lag(a.hash) OVER earlier AS hash_was, lag(a.day) OVER earlier AS day_was,
           lag(a.seq) OVER earlier AS seq_was, lag(a.at) OVER earlier AS at_was
    FROM everycell.audit a
    WHERE CAST(:day AS date) IS NULL OR a.day = :day OR (a.day, a.seq) = (
        SELECT b.day, b.seq FROM everycell.audit b WHERE b.day < :day ORDER BY b.day DESC, b.seq DESC LIMIT 1)
    WINDOW earlier AS (ORDER BY a.day, a.seq)
), judged AS (
    SELECT day, seq, CASE
        WHEN seq <> CASE WHEN day_was = day THEN seq_was + 1 ELSE 1 END THEN 'missing'
        WHEN hash <> everycell.audit_hash(
            coalesce(hash_was, ''::bytea), day, seq, at, who, source, action, area, detail) THEN 'changed'
        WHEN day <> (at AT TIME ZONE 'UTC')::date OR at < at_was THEN 'time'
    END AS why
    FROM entry WHERE CAST(:day AS date) IS NULL OR day = :day
)
SELECT day, seq, why FROM judged WHERE why IS NOT NULL ORDER BY day, seq
