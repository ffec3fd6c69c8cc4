-- One short row a county that differs whenever anything in the county has changed: the sum of its cells' revisions only
-- grows, and rounds and divisions (few, and without a revision of their own) are told by a digest. Published tables of
-- cases never change: there are only more of them.
SELECT o.county, o.revision,
       (SELECT coalesce(sum(r.revision), 0)::bigint FROM everycell.cell_revision r WHERE r.county = o.county) AS cells,
       (SELECT coalesce(md5(string_agg(v::text, E'\n' ORDER BY v.code)), '')
        FROM everycell.visit_round v WHERE v.county = o.county) AS rounds,
       (SELECT coalesce(md5(string_agg(concat_ws(E'\t', d.code, d.name, d.parent, d.source), E'\n' ORDER BY d.code)), '')
        FROM everycell.division d
        WHERE d.code BETWEEN lpad(o.county::text, 6, '0') AND lpad(o.county::text, 6, '0') || '999999') AS divisions,
       (SELECT count(*) FROM everycell.case_release p WHERE p.county = o.county) AS releases
FROM everycell.county_outline o
ORDER BY o.county
