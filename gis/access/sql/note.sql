SELECT everycell.note(:who, :source, :action, :area, CAST(:detail AS jsonb))
