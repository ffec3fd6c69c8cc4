-- Alarms that are up in an area; `aside`: they are shelved now.
SELECT kind, area, number, raised_at, times, acknowledged_at, acknowledged_by, shelved_until, shelved_by,
       coalesce(shelved_until > now(), false) AS aside
FROM everycell.alarm
WHERE county = ANY (:counties) AND raised_at IS NOT NULL AND cleared_at IS NULL AND starts_with(area, :area)
ORDER BY county, kind, area
