SELECT everycell.put_alarms(:county, CAST(:at AS timestamptz), CAST(:rows AS jsonb))
