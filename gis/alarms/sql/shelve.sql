SELECT everycell.shelve_alarms(
    :county, :kind, CAST(:areas AS text[]), CAST(:raised AS timestamptz[]), :minutes, :role)
