-- Key sites by name, address or code.
SELECT 'site' AS kind, code, name, category, address, cell, ST_X(geom) AS lon, ST_Y(geom) AS lat
FROM everycell.site
WHERE county = ANY (CAST(:counties AS integer[]))
    AND (concat_ws(' ', name, address) ILIKE ALL (CAST(:patterns AS text[])) OR starts_with(code, :text))
ORDER BY length(name), code LIMIT :limit
