-- The outlines of areas of any level as GeoJSON.
SELECT code, ST_AsGeoJSON(geom, 8, 0) AS outline FROM everycell.division WHERE code = ANY (CAST(:codes AS text[]))
UNION ALL
SELECT code, ST_AsGeoJSON(geom, 8, 0) FROM everycell.cell
WHERE county = ANY (CAST(:counties AS integer[])) AND code = ANY (CAST(:codes AS text[]))
