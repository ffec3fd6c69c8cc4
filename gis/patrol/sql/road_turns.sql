-- The runs of arcs of a network that a car may not take, in order.
SELECT arcs FROM everycell.road_turn WHERE county = :county AND version = :version ORDER BY id
