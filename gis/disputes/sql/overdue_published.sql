-- Cases past their date when a month ended, as published: of an area and all in it. NULL is withheld.
SELECT f.area, d.name, f.number
FROM everycell.case_overdue_figure f LEFT JOIN everycell.division d ON d.code = f.area
WHERE f.county = :county AND f.month = CAST(:month AS date) AND starts_with(f.area, :prefix)
ORDER BY f.area
