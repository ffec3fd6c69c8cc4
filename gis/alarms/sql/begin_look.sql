SELECT everycell.begin_alarm_look(:county, CAST(:before AS timestamptz))
