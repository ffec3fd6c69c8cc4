SELECT everycell.number_events(:pause_s, :today)
