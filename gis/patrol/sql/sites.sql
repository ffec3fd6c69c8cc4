-- Key sites of an area that are to be checked by a day, the longest overdue first; or, with `only`, some by their codes.
SELECT s.county, s.code, s.name, s.category, s.address, s.cell, ST_X(s.geom) AS lon, ST_Y(s.geom) AS lat,
       s.last_checked_on + s.check_interval_days AS due_on
FROM everycell.site s
WHERE s.county = ANY (:counties) AND s.cell BETWEEN :first_cell AND :last_cell
    AND (s.last_checked_on IS NULL OR s.last_checked_on + s.check_interval_days <= CAST(:on AS date))
ORDER BY due_on NULLS LAST, s.code
