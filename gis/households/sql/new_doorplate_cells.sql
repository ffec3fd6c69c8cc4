-- The cells that get doorplates they did not have.
CREATE TEMPORARY TABLE new_doorplate_cell ON COMMIT DROP AS
SELECT DISTINCT s.cell FROM staged_doorplate s
WHERE NOT EXISTS (SELECT FROM everycell.doorplate d WHERE d.county = :county AND d.code = s.code)
