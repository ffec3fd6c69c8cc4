SELECT everycell.publish_case_figures(
    :county, :level, :first, :span, :family, :grid_on, :at, CAST(:areas AS text[]), CAST(:categories AS text[]),
    CAST(:numbers AS integer[]), CAST(:households AS integer[]))
