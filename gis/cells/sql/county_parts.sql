-- Rounds, divisions and published tables of cases of a county, each (the tables: all together) with the area it is of, a
-- digest of it, and whether it is also seen by those who see a part of its area only.
SELECT v.area AS code, true AS spans, md5(v::text) AS digest FROM everycell.visit_round v WHERE v.county = :county
UNION ALL
SELECT d.code, false, md5(concat_ws(E'\t', d.code, d.name, d.parent, d.source, md5(d.geom::bytea))) FROM everycell.division d
WHERE d.code BETWEEN lpad(CAST(:county AS text), 6, '0') AND lpad(CAST(:county AS text), 6, '0') || '999999'
UNION ALL
SELECT lpad(CAST(:county AS text), 6, '0'), true, concat('releases ', (
    SELECT count(*) FROM everycell.case_release p WHERE p.county = :county), ' ', (
    SELECT count(*) FROM everycell.case_overdue_release p WHERE p.county = :county))
ORDER BY code, digest
