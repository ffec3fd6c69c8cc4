-- What is known of the conditions of a county.
SELECT kind, area, number, over_since, under_since, raised_at, cleared_at, times, patrol_on
FROM everycell.alarm WHERE county = :county
