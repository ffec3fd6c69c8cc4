-- Doorplates with households that wait (past their date, or never reached), the longest wait first: of an area, due on one
-- of some days (`fresh`: or not yet due, but never reached); or, with `only`, some doorplates by their ids.
SELECT d.county, d.id, d.address, d.cell, d.lon, d.lat, d.due_on, d.never, w.units
FROM (
    SELECT d.county, d.id, d.address, d.cell, ST_X(d.geom) AS lon, ST_Y(d.geom) AS lat, d.due_on, d.never > 0 AS never
    FROM everycell.doorplate d
    WHERE d.county = ANY (:counties) AND d.cell BETWEEN :first_cell AND :last_cell AND d.households > 0
        AND (d.due_on <= :on OR d.never > 0)
        AND CASE WHEN CAST(:only AS bigint[]) IS NOT NULL THEN d.id = ANY (CAST(:only AS bigint[]))
                 ELSE (CASE WHEN d.due_on <= :on THEN d.due_on = ANY (CAST(:days AS date[])) ELSE CAST(:fresh AS boolean) END)
                     AND d.id <> ALL (CAST(:missed AS bigint[])) AND d.id <> ALL (CAST(:taken AS bigint[])) END
    ORDER BY least(d.due_on, CAST(:on AS date) + 1), d.id LIMIT CAST(:most AS bigint)
) d
CROSS JOIN LATERAL (
    SELECT json_agg(json_build_array(h.code, h.unit) ORDER BY h.code) AS units
    FROM everycell.household h
    WHERE h.county = d.county AND h.doorplate = d.id AND h.status = 'active'
        AND (h.last_reached_on IS NULL OR h.due_on <= :on)
) w
WHERE w.units IS NOT NULL
ORDER BY least(d.due_on, CAST(:on AS date) + 1), d.id
