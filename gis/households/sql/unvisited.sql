-- Active households not reached since a day, longest wait first: never reached (the longest registered first), then by
-- the day they were last reached.
SELECT h.code, h.unit, d.id AS doorplate, d.address, d.cell, ST_X(d.geom) AS lon, ST_Y(d.geom) AS lat,
       h.registered_on, h.last_reached_on, h.last_contact_on, h.due_on
FROM everycell.doorplate d
JOIN everycell.household h ON h.county = d.county AND h.doorplate = d.id
WHERE d.county = ANY (:counties) AND starts_with(d.cell, :prefix) AND h.status = 'active'
    AND (h.last_reached_on IS NULL OR h.last_reached_on < :since)
ORDER BY h.last_reached_on NULLS FIRST, h.registered_on, h.code
