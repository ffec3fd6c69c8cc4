SELECT ST_AsBinary(geom) FROM everycell.cell WHERE county = :county AND code = :cell
