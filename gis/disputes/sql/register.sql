SELECT index, status FROM everycell.register_disputes(
    :county, CAST(:ids AS uuid[]), CAST(:snaps AS uuid[]), CAST(:categories AS text[]), CAST(:channels AS text[]),
    CAST(:levels AS text[]), CAST(:reported AS timestamptz[]), CAST(:roles AS text[]), :at, :placed, :timezone)
WHERE status <> 'accepted'
