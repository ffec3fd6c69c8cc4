WITH touched AS (
    SELECT d.cell FROM everycell.doorplate d
    WHERE d.county = :county AND d.id IN (
        SELECT id FROM joined_doorplate
        UNION SELECT doorplate FROM changed_household
        UNION SELECT doorplate_was FROM changed_household
    )
    UNION SELECT cell FROM changed_doorplate
    UNION SELECT cell_was FROM changed_doorplate
    UNION SELECT cell FROM new_doorplate_cell
), listed AS (
    SELECT array_agg(cell ORDER BY cell) AS cells FROM touched HAVING count(*) > 0
)
SELECT everycell.recount_cells(:county, cells), everycell.raise_revision(:county, cells) FROM listed
