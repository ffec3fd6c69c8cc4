-- In the order of their new ids, which follow the doorplates: their keys fill page by page, and the households behind a
-- door lie side by side.
INSERT INTO everycell.household
    (county, id, code, doorplate, cell, unit, status, interval_days, registered_on, reached_before, contact_before,
     last_reached_on, last_contact_on)
SELECT :county, s.id, s.code, d.id, d.cell, s.unit, coalesce(s.status, 'active'),
       coalesce(s.interval_days, :interval_days),
       coalesce(s.registered_on, :today), s.reached_before, s.contact_before,
       s.reached_before, greatest(s.contact_before, s.reached_before)
FROM staged_household s
JOIN everycell.doorplate d ON d.county = :county AND d.code = s.doorplate_code
WHERE NOT EXISTS (SELECT FROM everycell.household h WHERE h.county = :county AND h.code = s.code)
ORDER BY s.id
