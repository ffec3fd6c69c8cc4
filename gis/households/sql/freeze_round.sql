INSERT INTO everycell.round_result
    (county, round, cell, version, known, reached, tried, never, overdue, oldest_on, confirmed_empty)
SELECT :county, :round, f.code, c.version, f.known, f.reached, f.tried, f.never, f.overdue, f.oldest_on,
       coalesce(f.empty = 'confirmed', false)
FROM everycell.coverage(CAST(:counties AS integer[]), :prefix, :digits, :since, :today) f
JOIN everycell.cell c ON c.county = :county AND c.code = f.code
