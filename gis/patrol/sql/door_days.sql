-- How many doorplates of an area have households that wait, by the day on which the first of them was due.
SELECT d.due_on, count(*) AS doors
FROM everycell.doorplate d
WHERE d.county = ANY (:counties) AND d.cell BETWEEN :first_cell AND :last_cell AND d.households > 0
    AND (d.due_on <= :on OR d.never > 0) AND d.id <> ALL (CAST(:missed AS bigint[]))
GROUP BY d.due_on
