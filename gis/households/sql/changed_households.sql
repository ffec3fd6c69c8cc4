-- Households that are stored and that the file describes otherwise; what it does not say stays. The dates from before the
-- visits only move forward: those of visits that are not kept any more are there too, and the file may be older.
CREATE TEMPORARY TABLE changed_household ON COMMIT DROP AS
SELECT h.id, h.doorplate AS doorplate_was, n.*
FROM staged_household s
JOIN everycell.household h ON h.county = :county AND h.code = s.code
JOIN everycell.doorplate d ON d.county = :county AND d.code = s.doorplate_code
CROSS JOIN LATERAL (
    SELECT d.id AS doorplate, d.cell, coalesce(s.unit, h.unit) AS unit, coalesce(s.status, h.status) AS status,
           coalesce(s.interval_days, h.interval_days) AS interval_days,
           coalesce(s.registered_on, h.registered_on) AS registered_on,
           greatest(s.reached_before, h.reached_before) AS reached_before,
           greatest(s.contact_before, h.contact_before) AS contact_before
) n
WHERE (h.doorplate, h.unit, h.status, h.interval_days, h.registered_on, h.reached_before, h.contact_before)
    IS DISTINCT FROM
    (n.doorplate, n.unit, n.status, n.interval_days, n.registered_on, n.reached_before, n.contact_before)
