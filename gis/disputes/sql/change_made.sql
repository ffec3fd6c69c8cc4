-- The change that was made under an id.
SELECT dispute, seq, change, state, level, code FROM everycell.dispute_event
WHERE county = :county AND id = CAST(:id AS uuid)
