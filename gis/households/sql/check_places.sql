-- Doorplates and sites that are not in the cell they are counted in (on a border: in the one with the lowest code),
-- households that do not know their door's cell.
SELECT p.kind, p.code, 'cell' AS figure, p.cell AS stored, coalesce(everycell.cell_at(:county, p.geom), 'none') AS counted
FROM (
    SELECT 'doorplate' AS kind, code, cell, geom FROM everycell.doorplate WHERE county = :county
    UNION ALL
    SELECT 'site', code, cell, geom FROM everycell.site WHERE county = :county
) p
LEFT JOIN everycell.cell c ON c.county = :county AND c.code = p.cell
WHERE c.retired_on IS NOT NULL OR NOT ST_Intersects(c.geom, p.geom)
UNION
SELECT 'doorplate', d.code, 'cell', d.cell, everycell.cell_at(:county, d.geom)
FROM everycell.cell c
JOIN everycell.doorplate d ON d.county = :county AND d.geom && c.geom AND d.cell > c.code AND ST_Intersects(c.geom, d.geom)
WHERE c.county = :county AND c.retired_on IS NULL
UNION
SELECT 'site', s.code, 'cell', s.cell, everycell.cell_at(:county, s.geom)
FROM everycell.cell c
JOIN everycell.site s ON s.county = :county AND s.geom && c.geom AND s.cell > c.code AND ST_Intersects(c.geom, s.geom)
WHERE c.county = :county AND c.retired_on IS NULL
UNION ALL
SELECT 'household', h.code, 'cell', h.cell, d.cell
FROM everycell.household h
JOIN everycell.doorplate d ON d.county = :county AND d.id = h.doorplate
WHERE h.county = :county AND h.cell <> d.cell
ORDER BY kind, code
