-- Which tables of counts of cases are published, in the order of time, the widest level first.
SELECT county, level, first_on, span, family, grid_on, published_at
FROM everycell.case_release
WHERE county = ANY (:counties)
ORDER BY county, first_on, span, array_position(ARRAY['county', 'town', 'village', 'cell'], level), family
