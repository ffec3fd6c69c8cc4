-- How many households some cells have.
SELECT h.cell, h.known FROM everycell.coverage_histogram h WHERE h.county = :county AND h.cell = ANY (CAST(:cells AS text[]))
