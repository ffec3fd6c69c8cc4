-- The pieces of street of a network, in order.
SELECT from_node, to_node, way, class, coalesce(name, '') AS name, length_m,
       coalesce(foot_s, 'infinity') AS foot_s, coalesce(foot_back_s, 'infinity') AS foot_back_s,
       coalesce(car_s, 'infinity') AS car_s, coalesce(car_back_s, 'infinity') AS car_back_s, ST_AsBinary(geom) AS line
FROM everycell.road_arc WHERE county = :county AND version = :version ORDER BY id
