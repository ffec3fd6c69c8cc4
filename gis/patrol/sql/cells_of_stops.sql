-- In which cells some doorplates and key sites now lie.
SELECT d.cell FROM everycell.doorplate d WHERE d.county = :county AND d.id = ANY (CAST(:doors AS bigint[])) AND d.cell IS NOT NULL
UNION
SELECT s.cell FROM everycell.site s WHERE s.county = :county AND s.code = ANY (CAST(:sites AS text[])) AND s.cell IS NOT NULL
