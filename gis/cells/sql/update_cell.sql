UPDATE everycell.cell
SET kind = :kind, name = :name, geom = ST_GeomFromWKB(:wkb, 4490), confirmed_empty_on = :confirmed_empty_on,
    source = :source, retired_on = NULL, valid_from = :today
WHERE county = :county AND code = :code
