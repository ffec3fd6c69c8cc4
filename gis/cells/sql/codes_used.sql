-- Every code that a village has used, and those that drafts and scheduled change sets keep for the cells they would make.
SELECT code FROM everycell.cell WHERE county = :county AND village = :village
UNION
SELECT o.op ->> 'code'
FROM everycell.changeset_op o
JOIN everycell.changeset s ON s.county = :county AND s.id = o.changeset AND s.status <> 'abandoned'
WHERE o.county = :county AND starts_with(o.op ->> 'code', :village)
UNION
SELECT p ->> 'code'
FROM everycell.changeset_op o
JOIN everycell.changeset s ON s.county = :county AND s.id = o.changeset AND s.status <> 'abandoned'
CROSS JOIN LATERAL jsonb_array_elements(o.op -> 'pieces') p
WHERE o.county = :county AND o.op ->> 'op' = 'recut' AND starts_with(p ->> 'code', :village)
