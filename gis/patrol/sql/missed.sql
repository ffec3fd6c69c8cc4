-- What the last plan of each area around here (before a day, not longer ago than another) had in its routes and did not do:
-- never ticked, or skipped.
SELECT DISTINCT ON (s.kind, s.doorplate, s.site, s.dispute, s.revisit, ST_AsBinary(s.geom))
    s.kind, s.doorplate, s.site, s.dispute, s.revisit, s.cell, ST_X(s.geom) AS lon, ST_Y(s.geom) AS lat, s.service_s
FROM (
    SELECT p.county, p.id, p.patrol_on, max(p.patrol_on) OVER (PARTITION BY p.county, p.area) AS last_on
    FROM everycell.patrol_plan p
    WHERE p.county = ANY (:counties) AND p.status = 'planned' AND p.patrol_on >= CAST(:since AS date)
        AND p.patrol_on < CAST(:on AS date) AND (starts_with(p.area, :area) OR starts_with(:area, p.area))
) p
JOIN everycell.patrol_stop s ON s.county = p.county AND s.plan = p.id
WHERE p.patrol_on = p.last_on AND s.seq IS NOT NULL AND s.cell BETWEEN :first_cell AND :last_cell
    AND NOT EXISTS (
        SELECT FROM everycell.patrol_tick t
        WHERE t.county = s.county AND t.plan = s.plan AND t.stop = s.key AND t.outcome <> 'skipped')
ORDER BY s.kind, s.doorplate, s.site, s.dispute, s.revisit, ST_AsBinary(s.geom)
