-- A plan, without its routes and stops.
SELECT p.county, p.id, p.area, p.patrol_on, p.status, p.version, p.aim, p.seed, p.limit_s, p.created_at, p.created_by,
       p.changed_at, p.solver, p.cpu_s, p.straight, p.network, p.network_source, p.network_on, p.compared, p.begun_at,
       p.share, p.step, p.from_s, p.fault, p.fault_told
FROM everycell.patrol_plan p
WHERE p.county = ANY (:counties) AND p.id = CAST(:id AS uuid)
