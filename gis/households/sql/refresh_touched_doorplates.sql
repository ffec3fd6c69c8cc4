SELECT everycell.refresh_doorplates(:county, array_agg(id))
FROM (
    SELECT id FROM joined_doorplate
    UNION SELECT doorplate FROM changed_household
    UNION SELECT doorplate_was FROM changed_household
) touched
