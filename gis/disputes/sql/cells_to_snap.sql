-- Cells whose snap points are to be made anew: they have eight dwellings and no snap point, or a quarter more or fewer
-- dwellings (eight at least) than when theirs were made. All of a county, or some of it.
SELECT d.cell
FROM (
    SELECT cell, sum(households) AS dwellings FROM everycell.doorplate
    WHERE county = :county AND (CAST(:cells AS text[]) IS NULL OR cell = ANY (CAST(:cells AS text[])))
    GROUP BY cell HAVING sum(households) >= 8
) d
LEFT JOIN (
    SELECT cell, sum(dwellings_made) AS made FROM everycell.snap_point
    WHERE county = :county AND ended_at IS NULL GROUP BY cell
) s ON s.cell = d.cell
WHERE s.cell IS NULL OR abs(d.dwellings - s.made) >= greatest(8, s.made / 4.0)
ORDER BY d.cell
