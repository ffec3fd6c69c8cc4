-- How many doorplates of an area have households that wait, by the day on which the first of them was due; and how many of them
-- stand in another plan (`taken`).
SELECT d.due_on, count(*) FILTER (WHERE d.id <> ALL (CAST(:taken AS bigint[]))) AS doors,
       count(*) FILTER (WHERE d.id = ANY (CAST(:taken AS bigint[]))) AS taken
FROM everycell.doorplate d
WHERE d.county = ANY (:counties) AND d.cell BETWEEN :first_cell AND :last_cell AND d.households > 0
    AND (d.due_on <= :on OR d.never > 0) AND d.id <> ALL (CAST(:missed AS bigint[]))
GROUP BY d.due_on
