-- Key sites by village: how many, never checked, to be checked before today, from today to a day.
SELECT s.village, d.name, s.sites, s.never, s.overdue, s.due
FROM everycell.sites_due(:county, :area, CAST(:today AS date), CAST(:soon AS date)) s
LEFT JOIN everycell.division d ON d.code = s.village
ORDER BY s.village
