-- Divisions and cells by code or name; the box around each.
SELECT kind, code, name, west, south, east, north
FROM (
    SELECT level AS kind, code, name, ST_XMin(geom) AS west, ST_YMin(geom) AS south, ST_XMax(geom) AS east, ST_YMax(geom) AS north
    FROM everycell.division
    WHERE name ILIKE ALL (CAST(:patterns AS text[])) OR starts_with(code, :text)
    UNION ALL
    SELECT 'cell', code, name, ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom)
    FROM everycell.cell
    WHERE county = ANY (CAST(:counties AS integer[])) AND retired_on IS NULL
        AND (name ILIKE ALL (CAST(:patterns AS text[])) OR starts_with(code, :text))
) found
ORDER BY length(code), code LIMIT :limit
