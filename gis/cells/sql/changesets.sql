-- Change sets of areas that lie in an area or around it, of one state or all, without their operations; the last changed
-- first.
SELECT s.county, s.id, s.area, s.title, s.status, s.revision, s.created_at, s.created_by, s.changed_at, s.published_at,
       s.valid_from, s.undoes,
       (SELECT count(*) FROM everycell.changeset_op o WHERE o.county = s.county AND o.changeset = s.id) AS num_ops
FROM everycell.changeset s
WHERE s.county = ANY (CAST(:counties AS integer[])) AND (CAST(:status AS text) IS NULL OR s.status = :status)
    AND (starts_with(s.area, :area) OR starts_with(:area, s.area))
ORDER BY s.changed_at DESC, s.id
