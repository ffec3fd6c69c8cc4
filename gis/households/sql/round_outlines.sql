-- The outlines of the areas of a closed round as GeoJSON, made of the cells that it was counted on.
SELECT "left"(r.cell, :digits) AS code, ST_AsGeoJSON(ST_Union(h.geom), 8, 0) AS outline
FROM everycell.round_result r
JOIN everycell.cell_history h ON h.county = :county AND h.code = r.cell AND h.version = r.version
WHERE r.county = :county AND r.round = :round GROUP BY 1
