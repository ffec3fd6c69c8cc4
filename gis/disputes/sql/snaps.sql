-- The snap points of some ids that the caller may see, ended ones too.
SELECT county, id, cell FROM everycell.snap_point WHERE county = ANY (:counties) AND id = ANY (CAST(:ids AS uuid[]))
