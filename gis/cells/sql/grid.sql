-- The cells of an area as they were at a revision of the county's grid; as they are where none is given.
SELECT h.code, h.village, h.name, h.kind, ST_AsBinary(h.geom) AS wkb
FROM everycell.cell_history h
WHERE h.county = :county AND h.code BETWEEN :first_cell AND :last_cell
    AND CASE WHEN CAST(:revision AS bigint) IS NULL THEN h.ended IS NULL
             ELSE h.begun <= :revision AND (h.ended IS NULL OR h.ended > :revision) END
ORDER BY h.code
