-- What is published of cases that were registered before a day, by level and area: the sum of the numbers that are shown,
-- how many months they are of (of each of the two kinds of table), and whether any is withheld.
SELECT f.level, f.area, coalesce(sum(f.number), 0)::integer AS number,
       coalesce(sum(f.span) FILTER (WHERE NOT f.family), 0)::integer AS months,
       coalesce(sum(f.span) FILTER (WHERE f.family), 0)::integer AS family_months,
       bool_or(f.number IS NULL) AS withheld
FROM everycell.case_figure f
WHERE f.county = :county AND f.category = '' AND f.level <> 'cell'
    AND f.first_on + make_interval(months => f.span) <= CAST(:after AS date)
GROUP BY f.level, f.area
