-- A change set with its operations. `base_changes` is its base as those may know it who see its area only: how often the
-- grid of the area had changed by then, whatever happened elsewhere in the county.
SELECT s.county, s.id, s.area, s.title, s.status, s.base, s.revision, s.created_at, s.created_by, s.changed_at,
       s.published_at, s.valid_from, s.undoes,
       (SELECT count(*) FROM (
            SELECT begun FROM everycell.cell_history h
            WHERE h.county = s.county AND h.begun <= s.base
                AND h.code BETWEEN rpad(s.area, 15, '0') AND rpad(s.area, 15, '9')
            UNION
            SELECT ended FROM everycell.cell_history h
            WHERE h.county = s.county AND h.ended <= s.base
                AND h.code BETWEEN rpad(s.area, 15, '0') AND rpad(s.area, 15, '9')
        ) changes) AS base_changes,
       ARRAY(SELECT o.op FROM everycell.changeset_op o WHERE o.county = s.county AND o.changeset = s.id ORDER BY o.seq) AS ops
FROM everycell.changeset s
WHERE s.county = ANY (CAST(:counties AS integer[])) AND s.id = :id
