SELECT everycell.finish_plan(
    :county, CAST(:id AS uuid), CAST(:worker AS uuid), :solver, :cpu_s, :straight, :network, :source, :network_on,
    CAST(:routes AS jsonb), CAST(:stops AS jsonb))
