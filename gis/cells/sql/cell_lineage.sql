-- Which cells a cell came of, which came of it, and which live ones its land is in now: those that came of it, and of
-- those in turn, until they are live. A cell may have come back: each is looked at once.
WITH RECURSIVE later (code) AS (
    SELECT CAST(:code AS text) COLLATE "C"
    UNION
    SELECT l.child FROM later f
    JOIN everycell.cell c ON c.county = :county AND c.code = f.code AND c.retired_on IS NOT NULL
    JOIN everycell.cell_lineage l ON l.county = :county AND l.parent = f.code
)
SELECT c.code, c.retired_on IS NULL AS live,
       ARRAY(SELECT DISTINCT parent FROM everycell.cell_lineage WHERE county = :county AND child = c.code ORDER BY 1) AS parents,
       ARRAY(SELECT DISTINCT child FROM everycell.cell_lineage WHERE county = :county AND parent = c.code ORDER BY 1) AS children,
       ARRAY(SELECT k.code FROM later f JOIN everycell.cell k ON k.county = :county AND k.code = f.code
             WHERE k.retired_on IS NULL ORDER BY 1) AS successors
FROM everycell.cell c WHERE c.county = :county AND c.code = :code
