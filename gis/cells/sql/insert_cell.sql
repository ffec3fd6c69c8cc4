INSERT INTO everycell.cell (county, code, village, kind, name, geom, valid_from, confirmed_empty_on, source)
VALUES (:county, :code, :village, :kind, :name, ST_GeomFromWKB(:wkb, 4490), :today, :confirmed_empty_on, :source)
