SELECT everycell.acknowledge_alarms(:county, :kind, CAST(:areas AS text[]), CAST(:raised AS timestamptz[]), :role)
