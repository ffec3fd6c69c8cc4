SELECT everycell.acknowledge_alarms(:county, :kind, :area, :role, CAST(:at AS timestamptz))
