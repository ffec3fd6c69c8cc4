-- The names of divisions and cells, of cells that have ended too.
SELECT code, name FROM everycell.division WHERE code = ANY (CAST(:codes AS text[]))
UNION ALL
SELECT code, name FROM everycell.cell WHERE county = ANY (:counties) AND code = ANY (CAST(:codes AS text[]))
