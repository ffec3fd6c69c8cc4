-- Every version of a cell, the oldest first.
SELECT version, valid_from, valid_to, changeset, name, kind, ST_AsGeoJSON(geom, 15, 0)::jsonb AS geometry
FROM everycell.cell_history WHERE county = :county AND code = :code ORDER BY version
