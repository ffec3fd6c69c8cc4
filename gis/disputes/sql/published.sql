-- The numbers of published tables: those of a level in a span of time, of an area and all in it. `numbers` has the total
-- under ''; null is withheld.
SELECT first_on, span, area, max(households) AS households, jsonb_object_agg(category, number) AS numbers
FROM everycell.case_figure
WHERE county = :county AND level = :level AND family = :family
    AND first_on >= :first AND first_on + make_interval(months => span) <= :after
    AND starts_with(area, :prefix)
GROUP BY first_on, span, area
ORDER BY first_on, span, area
