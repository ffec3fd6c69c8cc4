INSERT INTO everycell.round_result
    (county, round, cell, known, reached, tried, never, overdue, oldest_on, confirmed_empty)
SELECT :county, :round, code, known, reached, tried, never, overdue, oldest_on, coalesce(empty = 'confirmed', false)
FROM everycell.coverage(CAST(:counties AS integer[]), :prefix, :digits, :since, :today)
