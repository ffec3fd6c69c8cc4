-- Change sets whose day has come, in the order in which they are to be carried out.
SELECT county, id FROM everycell.changeset
WHERE status = 'scheduled' AND valid_from <= :today ORDER BY valid_from, changed_at, id
