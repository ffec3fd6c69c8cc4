-- A page of divisions as GeoJSON features, in the order of their codes. Shared by all counties: no county column.
SELECT d.code AS key,
       concat('{"type":"Feature","id":', to_json(d.code), ',"geometry":', ST_AsGeoJSON(d.geom, 8, 0), ',"properties":',
              json_build_object('code', d.code, 'name', d.name, 'level', d.level, 'parent', d.parent), '}') AS feature
FROM everycell.division d
WHERE (CAST(:after AS text) IS NULL OR d.code > :after)
    AND (CAST(:item AS text) IS NULL OR d.code = :item)
    AND (CAST(:level AS text) IS NULL OR d.level = :level)
    AND starts_with(d.code, :area)
    AND (CAST(:box AS geometry) IS NULL OR ST_Intersects(d.geom, CAST(:box AS geometry))
         OR ST_Intersects(d.geom, CAST(:box2 AS geometry)))
ORDER BY d.code LIMIT :limit
