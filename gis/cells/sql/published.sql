-- The published change sets of a county with their operations, in the order in which they were published.
SELECT s.id, s.revision, s.area, s.undoes,
       ARRAY(SELECT o.op FROM everycell.changeset_op o WHERE o.county = s.county AND o.changeset = s.id ORDER BY o.seq) AS ops
FROM everycell.changeset s WHERE s.county = :county AND s.status = 'published' ORDER BY s.revision
