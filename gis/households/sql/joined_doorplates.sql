-- Where households will be added to doorplates that are stored already.
CREATE TEMPORARY TABLE joined_doorplate ON COMMIT DROP AS
SELECT DISTINCT d.id
FROM staged_household s
JOIN everycell.doorplate d ON d.county = :county AND d.code = s.doorplate_code
WHERE NOT EXISTS (SELECT FROM everycell.household h WHERE h.county = :county AND h.code = s.code)
