-- Live cells that are not the last version of the history, and versions of the history that claim to be live and are not.
SELECT 'cell' AS kind, coalesce(c.code, h.code) AS code, 'history' AS figure,
       coalesce('version ' || h.version, 'none') AS stored, coalesce('version ' || c.version, 'none') AS counted
FROM (SELECT * FROM everycell.cell WHERE county = :county AND retired_on IS NULL) c
FULL JOIN (SELECT * FROM everycell.cell_history WHERE county = :county AND ended IS NULL) h ON h.code = c.code
WHERE (c.version, c.village, c.kind, c.name, c.geom::bytea) IS DISTINCT FROM (h.version, h.village, h.kind, h.name, h.geom::bytea)
ORDER BY 2
