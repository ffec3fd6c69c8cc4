-- Routes of a day by village, and (village NULL) of all.
SELECT p.village, d.name, p.routes, p.begun, p.done, p.over, p.stops, p.ticked, p.missed
FROM everycell.patrols_of_day(:county, :area, CAST(:day AS date), :now_s) p
LEFT JOIN everycell.division d ON d.code = p.village
ORDER BY p.village NULLS FIRST
