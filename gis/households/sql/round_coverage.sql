-- The frozen figures of a closed round, summed to the areas of a level. Cells are called as they were when it was closed.
WITH by_area AS (
    SELECT "left"(cell, :digits) AS area, sum(known)::bigint AS known, sum(reached)::bigint AS reached,
           sum(tried)::bigint AS tried, sum(never)::bigint AS never, sum(overdue)::bigint AS overdue,
           min(oldest_on) AS oldest_on, bool_and(confirmed_empty) AS confirmed, max(version) AS version
    FROM everycell.round_result
    WHERE county = :county AND round = :round AND starts_with(cell, :prefix) GROUP BY 1
)
SELECT b.area AS code, coalesce(d.name, h.name, b.area) AS name, b.known, b.reached, b.tried, b.never, b.overdue, b.oldest_on,
       CASE WHEN b.known > 0 THEN NULL WHEN b.confirmed THEN 'confirmed' ELSE 'unchecked' END AS empty
FROM by_area b
LEFT JOIN everycell.division d ON d.code = b.area
LEFT JOIN everycell.cell_history h ON h.county = :county AND h.code = b.area AND h.version = b.version
ORDER BY b.area
