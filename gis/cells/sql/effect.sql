-- What the change set of a revision did to cells: each as it was before and as it became; NULL where there was none.
SELECT coalesce(w.code, b.code) AS code, coalesce(w.village, b.village) AS village,
       w.name AS name_was, w.kind AS kind_was, ST_AsBinary(w.geom) AS wkb_was,
       b.name, b.kind, ST_AsBinary(b.geom) AS wkb
FROM (
    SELECT DISTINCT ON (code) * FROM everycell.cell_history
    WHERE county = :county AND ended = :revision AND begun < :revision ORDER BY code, version
) w
FULL JOIN (
    SELECT * FROM everycell.cell_history
    WHERE county = :county AND begun = :revision AND (ended IS NULL OR ended > :revision)
) b ON b.code = w.code
ORDER BY 1
