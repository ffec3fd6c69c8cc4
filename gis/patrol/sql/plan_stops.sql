-- The stops of a plan, as they are and with what is written at them; of a team's route only, where a team is given.
SELECT s.key, s.kind, s.doorplate, s.site, s.dispute, s.revisit, s.cell, ST_X(s.geom) AS lon, ST_Y(s.geom) AS lat, s.tier,
       s.weight, s.service_s, s.because, s.days, s.households, s.units AS codes, s.windows, s.skills, s.team, s.seq,
       s.arrive_s, s.begin_s, s.leave_s, s.pinned, s.removed, s.why, s.why_s, s.why_m, coalesce(d.address, k.address) AS address,
       k.name, k.category, u.units
FROM everycell.patrol_stop s
LEFT JOIN everycell.doorplate d ON d.county = s.county AND d.id = s.doorplate
LEFT JOIN everycell.site k ON k.county = s.county AND k.code = s.site
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(c.code, h.unit) ORDER BY c.code) AS units
    FROM unnest(s.units) AS c (code)
    LEFT JOIN everycell.household h ON h.county = s.county AND h.code = c.code
) u ON s.units IS NOT NULL
WHERE s.county = :county AND s.plan = CAST(:id AS uuid)
    AND (CAST(:team AS text) IS NULL OR s.team = CAST(:team AS text) AND s.seq IS NOT NULL)
ORDER BY s.team NULLS LAST, s.seq NULLS LAST, s.tier, s.key
