-- The figures of every area, for any cut-off day: sums over the days of the histogram. `p_digits` is the length of the
-- codes to report by (15 cell, 12 village, 9 town, 6 county), `p_counties` and `p_prefix` the area. Households reached or
-- contacted since the cut-off are counted in the window after it, so that the cost follows its length.
CREATE FUNCTION everycell.coverage(p_counties integer[], p_prefix text, p_digits integer, p_since date, p_today date)
RETURNS TABLE (
    code text, name text, known bigint, reached bigint, tried bigint, never bigint, overdue bigint, oldest_on date,
    empty text
) LANGUAGE sql STABLE AS $$
WITH shown AS MATERIALIZED (
    SELECT county, code, "left"(code, p_digits) AS area, confirmed_empty_on
    FROM everycell.cell
    WHERE county = ANY (p_counties) AND retired_on IS NULL AND starts_with(code, p_prefix)
), figure AS (
    SELECT cell, sum(households) AS known,
           sum(households) FILTER (WHERE day >= p_since) AS reached,
           sum(households) FILTER (WHERE day = '-infinity') AS never,
           min(day) FILTER (WHERE day > '-infinity' AND households > 0) AS oldest_on,
           0 AS contacted, 0 AS overdue
    FROM everycell.coverage_day
    WHERE county = ANY (p_counties) AND kind = 'reached' AND starts_with(cell, p_prefix) GROUP BY cell
    UNION ALL
    SELECT cell, 0, 0, 0, NULL, sum(households), 0
    FROM everycell.coverage_day
    WHERE county = ANY (p_counties) AND kind = 'contact' AND day >= p_since AND starts_with(cell, p_prefix) GROUP BY cell
    UNION ALL
    SELECT cell, 0, 0, 0, NULL, 0, sum(households)
    FROM everycell.coverage_day
    WHERE county = ANY (p_counties) AND kind = 'due' AND day < p_today AND starts_with(cell, p_prefix) GROUP BY cell
), by_area AS (
    SELECT s.area,
           coalesce(sum(f.known), 0)::bigint AS known,
           coalesce(sum(f.reached), 0)::bigint AS reached,
           coalesce(sum(f.contacted) - sum(f.reached), 0)::bigint AS tried,
           coalesce(sum(f.never), 0)::bigint AS never,
           coalesce(sum(f.overdue), 0)::bigint AS overdue,
           min(f.oldest_on) AS oldest_on,
           bool_and(s.confirmed_empty_on IS NOT NULL) AS confirmed
    FROM shown s LEFT JOIN figure f ON f.cell = s.code
    GROUP BY s.area
)
SELECT b.area AS code, coalesce(d.name, c.name) AS name, b.known, b.reached, b.tried, b.never, b.overdue, b.oldest_on,
       CASE WHEN b.known > 0 THEN NULL WHEN b.confirmed THEN 'confirmed' ELSE 'unchecked' END AS empty
FROM by_area b
LEFT JOIN everycell.division d ON d.code = b.area
LEFT JOIN everycell.cell c ON c.county = ANY (p_counties) AND c.code = b.area
ORDER BY b.area
$$;
