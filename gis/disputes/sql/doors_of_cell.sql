-- The doors of a cell that have dwellings behind them: degrees, and how many.
SELECT ST_X(geom) AS lon, ST_Y(geom) AS lat, households FROM everycell.doorplate
WHERE county = :county AND cell = :cell AND households > 0 ORDER BY id
