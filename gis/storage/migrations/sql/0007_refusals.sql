-- A gap is told with the cells along it, but for those that only meet its ends. Cells that were just written come first:
-- one of them has left it.
CREATE FUNCTION everycell.cells_beside(p_county integer, p_piece geometry) RETURNS text LANGUAGE sql STABLE AS $$
    WITH near AS (
        SELECT code, touched, ST_Length(ST_Intersection(ST_Boundary(p_piece), ST_Buffer(geom, 1e-8))) AS shared
        FROM everycell.cell WHERE county = p_county AND retired_on IS NULL AND geom && ST_Expand(p_piece, 1e-8)
    ), beside AS (
        SELECT code, row_number() OVER (ORDER BY touched = everycell.this_xact() DESC, shared DESC, code) AS n,
               count(*) OVER () AS most
        FROM near WHERE shared > 0 AND shared >= 0.25 * (SELECT max(shared) FROM near)
    )
    SELECT CASE count(*) WHEN 0 THEN 'beside no cell'
                         WHEN 1 THEN 'beside cell ' || min(code)
                         ELSE 'between cells ' || string_agg(code, ', ' ORDER BY n) FILTER (WHERE n < most)
                              || ' and ' || min(code) FILTER (WHERE n = most) END
    FROM beside
$$;

CREATE OR REPLACE FUNCTION everycell.refuse_gap(p_county integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    outline geometry;
    piece geometry;
    gap record;
    tiled double precision;
BEGIN
    SELECT geom INTO outline FROM everycell.county_outline WHERE county = p_county;
    IF outline IS NULL THEN
        RAISE EXCEPTION 'county % has no outline: import its cells or divisions first', p_county USING ERRCODE = 'EC001';
    END IF;
    SELECT coalesce(sum(ST_Area(geom)), 0) INTO tiled FROM everycell.cell WHERE county = p_county AND retired_on IS NULL;
    IF abs(tiled - ST_Area(outline)) > 1e-12 THEN
        SELECT ST_Difference(outline, coalesce(ST_Union(geom), ST_GeomFromText('POLYGON EMPTY', 4490))) INTO piece
        FROM everycell.cell WHERE county = p_county AND retired_on IS NULL;
        SELECT d.geom, count(*) OVER () AS num_pieces INTO gap FROM ST_Dump(piece) d
        WHERE ST_Area(d.geom) > 1e-13 ORDER BY ST_Area(d.geom) DESC LIMIT 1;
        RAISE EXCEPTION 'GAP: % square metres % belong to no cell%',
            everycell.square_metres(coalesce(gap.geom, piece)), everycell.cells_beside(p_county, coalesce(gap.geom, piece)),
            CASE WHEN gap.num_pieces > 1
                 THEN format('; %s pieces in all, %s square metres', gap.num_pieces, everycell.square_metres(piece))
                 ELSE '' END
            USING ERRCODE = 'EC001', DETAIL = ST_AsGeoJSON(piece, 8, 0),
            HINT = 'Give the piece to a neighbour: move both borders together.';
    END IF;
END $$;

-- Two borders that cross share lines and points as well; only the land that lies in both is told.
CREATE OR REPLACE FUNCTION everycell.refuse_overlap(p_county integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE bad record;
BEGIN
    WITH pair AS MATERIALIZED (
        SELECT a.code AS one, b.code AS other, ST_CollectionExtract(ST_Intersection(a.geom, b.geom), 3) AS piece
        FROM everycell.cell a
        JOIN everycell.cell b ON b.county = a.county AND b.code <> a.code AND b.geom && a.geom
        WHERE a.county = p_county AND a.touched = everycell.this_xact() AND a.retired_on IS NULL
            AND b.retired_on IS NULL AND (b.touched <> a.touched OR a.code < b.code)
            AND ST_Relate(a.geom, b.geom, 'T********')
    )
    SELECT one, other, piece INTO bad FROM pair WHERE ST_Area(piece) > 1e-12
    ORDER BY ST_Area(piece) DESC LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'OVERLAP: cells % and % overlap by % square metres', bad.one, bad.other, everycell.square_metres(bad.piece)
            USING ERRCODE = 'EC001', DETAIL = ST_AsGeoJSON(bad.piece, 8, 0),
            HINT = 'Snap the border to its neighbour (topological editing in QGIS) and save both cells together.';
    END IF;
END $$;
