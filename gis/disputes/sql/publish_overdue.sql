SELECT everycell.publish_overdue_cases(
    :county, CAST(:month AS date), CAST(:grid_on AS date), CAST(:at AS timestamptz), CAST(:areas AS text[]),
    CAST(:numbers AS integer[]), CAST(:households AS integer[]))
