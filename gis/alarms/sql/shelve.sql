SELECT everycell.shelve_alarms(:county, :kind, :area, CAST(:until AS timestamptz), :role, CAST(:at AS timestamptz))
