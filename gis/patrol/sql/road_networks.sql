-- The network of a county: what it was made of, and when.
SELECT version, source, data_on, imported_at, counts FROM everycell.road_network WHERE county = :county
