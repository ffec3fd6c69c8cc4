SELECT index, status
FROM everycell.record_visits_within(
    :county, CAST(:ids AS uuid[]), CAST(:households AS text[]), CAST(:days AS date[]), CAST(:times AS timestamptz[]),
    CAST(:outcomes AS text[]), CAST(:teams AS text[]), CAST(:purposes AS text[])
)
