-- Doorplates that are stored and that the file describes otherwise; what it does not say stays.
CREATE TEMPORARY TABLE changed_doorplate ON COMMIT DROP AS
SELECT d.id, d.cell AS cell_was, s.cell, n.address, n.source, n.geom
FROM staged_doorplate s
JOIN everycell.doorplate d ON d.county = :county AND d.code = s.code
CROSS JOIN LATERAL (
    SELECT coalesce(s.address, d.address) AS address, coalesce(s.source, d.source) AS source,
           ST_SetSRID(ST_MakePoint(s.lon, s.lat), 4490) AS geom
) n
WHERE (d.address, d.source, d.cell, d.geom::bytea) IS DISTINCT FROM (n.address, n.source, s.cell, n.geom::bytea)
