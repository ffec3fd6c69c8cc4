-- The routes of a plan, in the order of its teams.
SELECT r.team, r.mode, ST_X(r.station) AS lon, ST_Y(r.station) AS lat, ST_X(r.ending) AS end_lon, ST_Y(r.ending) AS end_lat,
       r.open_end, r.shift_from, r.shift_to, r.breaks, r.skills, r.begin_s, r.end_s, r.travel_s, r.service_s, r.waiting_s,
       r.metres, r.pauses, r.legs
FROM everycell.patrol_route r
WHERE r.county = :county AND r.plan = CAST(:id AS uuid)
ORDER BY r.seq, r.team
