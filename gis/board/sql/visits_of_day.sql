-- Visits of a day by cell and hour; `cells` NULL: in all of the county.
SELECT cell::bigint AS cell, hour, reached, no_answer
FROM everycell.visits_of_day(:county, CAST(:day AS date), :zone, CAST(:cells AS text[]))
