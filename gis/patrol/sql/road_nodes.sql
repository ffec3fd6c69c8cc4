-- The nodes of a network, in order.
SELECT ST_X(geom) AS lon, ST_Y(geom) AS lat
FROM everycell.road_node WHERE county = :county AND version = :version ORDER BY id
