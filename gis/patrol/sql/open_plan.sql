SELECT everycell.open_plan(
    :county, CAST(:id AS uuid), :area, :on, :aim, :seed, :limit_s, CAST(:asked AS jsonb), :by, CAST(:routes AS jsonb),
    CAST(:stops AS jsonb))
