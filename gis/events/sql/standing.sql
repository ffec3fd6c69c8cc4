SELECT last, known, oldest, before FROM everycell.event_standing(:position, :ago_s)
