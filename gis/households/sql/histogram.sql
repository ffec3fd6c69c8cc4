-- The histogram of a county, or of some of its cells, as numbers: the kinds 0 reached, 1 contact, 2 due; a day as days
-- since 2000-01-01, the least integer for the households that have no such day.
WITH chosen AS MATERIALIZED (
    SELECT cell::bigint AS cell, never_reached, never_contacted, reached, contact, due
    FROM everycell.coverage_histogram
    WHERE county = :county AND (CAST(:cells AS text[]) IS NULL OR cell = ANY (CAST(:cells AS text[])))
)
SELECT cell, kind, day, households
FROM (
    SELECT cell, 0 AS kind, (-2147483648)::integer AS day, never_reached AS households FROM chosen
    UNION ALL SELECT cell, 1, (-2147483648)::integer, never_contacted FROM chosen
    UNION ALL SELECT cell, 0, generate_subscripts(reached, 1), unnest(reached) FROM chosen
    UNION ALL SELECT cell, 1, generate_subscripts(contact, 1), unnest(contact) FROM chosen
    UNION ALL SELECT cell, 2, generate_subscripts(due, 1), unnest(due) FROM chosen
) entry
WHERE households > 0
