-- A case. Where a family dispute lies is told down to its village only, and a snap point that has ended is no place.
SELECT d.county, d.id, d.area, d.category, d.channel, d.state, d.level, d.version, d.reported_at, d.registered_at,
       d.due_at, d.extensions, d.ended_at, ST_X(s.geom) AS lon, ST_Y(s.geom) AS lat
FROM everycell.dispute d
LEFT JOIN everycell.snap_point s
    ON s.county = d.county AND s.id = d.snap AND s.ended_at IS NULL AND d.category <> 'family'
WHERE d.county = ANY (:counties) AND d.id = CAST(:id AS uuid)
