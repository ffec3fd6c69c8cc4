-- Key sites that are to be checked by a day, and those of them that never were.
SELECT count(*) AS due, count(*) FILTER (WHERE s.last_checked_on IS NULL) AS never
FROM everycell.site s
WHERE s.county = ANY (:counties)
    AND (s.last_checked_on IS NULL OR s.last_checked_on + s.check_interval_days <= CAST(:on AS date))
