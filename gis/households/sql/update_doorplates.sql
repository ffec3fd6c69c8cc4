UPDATE everycell.doorplate d SET address = c.address, source = c.source, cell = c.cell, geom = c.geom
FROM changed_doorplate c WHERE d.county = :county AND d.id = c.id
