-- What happened to a case, in order.
SELECT seq, at, role, change, state, level, due_at, code FROM everycell.dispute_event
WHERE county = :county AND dispute = CAST(:dispute AS uuid) ORDER BY seq
