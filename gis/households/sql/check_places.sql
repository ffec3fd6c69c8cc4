-- Doorplates and sites that are not in the cell they are counted in.
SELECT p.kind, p.code, 'cell' AS figure, p.cell AS stored, coalesce(everycell.cell_at(:county, p.geom), 'none') AS counted
FROM (
    SELECT 'doorplate' AS kind, code, cell, geom FROM everycell.doorplate WHERE county = :county
    UNION ALL
    SELECT 'site', code, cell, geom FROM everycell.site WHERE county = :county
) p
LEFT JOIN everycell.cell c ON c.county = :county AND c.code = p.cell
WHERE c.retired_on IS NOT NULL OR NOT ST_Intersects(c.geom, p.geom)
ORDER BY p.kind, p.code
