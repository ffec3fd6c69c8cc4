UPDATE everycell.household h
SET doorplate = c.doorplate, cell = c.cell, unit = c.unit, status = c.status, interval_days = c.interval_days,
    registered_on = c.registered_on, reached_before = c.reached_before, contact_before = c.contact_before,
    last_reached_on = greatest(c.reached_before, v.reached),
    last_contact_on = greatest(c.contact_before, c.reached_before, v.contact)
FROM changed_household c
LEFT JOIN LATERAL (
    SELECT max(visited_on) FILTER (WHERE outcome = 'reached') AS reached, max(visited_on) AS contact
    FROM everycell.visit WHERE county = :county AND household = c.id
) v ON true
WHERE h.county = :county AND h.id = c.id
