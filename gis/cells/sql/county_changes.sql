-- One short row a county that differs whenever anything in the county has changed: the sum of its cells' revisions only
-- grows, and rounds and divisions (few, and without a revision of their own) are told by a digest. Published tables of
-- cases never change: there are only more of them. Patrols of these days, whatever day it is in the county: by area.
SELECT o.county, o.revision,
       (SELECT coalesce(sum(r.revision), 0)::bigint FROM everycell.cell_revision r WHERE r.county = o.county) AS cells,
       (SELECT coalesce(md5(string_agg(v::text, E'\n' ORDER BY v.code)), '')
        FROM everycell.visit_round v WHERE v.county = o.county) AS rounds,
       (SELECT coalesce(md5(string_agg(concat_ws(E'\t', d.code, d.name, d.parent, d.source), E'\n' ORDER BY d.code)), '')
        FROM everycell.division d
        WHERE d.code BETWEEN lpad(o.county::text, 6, '0') AND lpad(o.county::text, 6, '0') || '999999') AS divisions,
       (SELECT count(*) FROM everycell.case_release p WHERE p.county = o.county)
       + (SELECT count(*) FROM everycell.case_overdue_release p WHERE p.county = o.county) AS releases,
       (SELECT jsonb_object_agg(p.area, p.digest) FROM (
            SELECT p.area, md5(string_agg(concat_ws(' ', p.id, p.version, p.status, (
                SELECT count(*) FROM everycell.patrol_tick t WHERE t.county = p.county AND t.plan = p.id)), ',' ORDER BY p.id))
                AS digest
            FROM everycell.patrol_plan p
            WHERE p.county = o.county AND p.patrol_on BETWEEN current_date - 1 AND current_date + 1
            GROUP BY p.area) p) AS patrols
FROM everycell.county_outline o
ORDER BY o.county
