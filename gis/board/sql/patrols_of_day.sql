-- Routes of a day by village, and (village NULL) of all.
SELECT village, routes, begun, done, over, stops, ticked, missed
FROM everycell.patrols_of_day(:county, :area, CAST(:day AS date), :now_s)
