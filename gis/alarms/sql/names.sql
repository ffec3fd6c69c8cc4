SELECT code, name FROM everycell.division WHERE code = ANY (CAST(:codes AS text[]))
