-- Streets for routes (docs/decisions/0019-streets.md): a network of each county, as it was read from a file. A network is
-- written whole and never changed; another one takes its place in one transaction. `version` is a digest of its content.

CREATE TABLE everycell.road_network (
    county integer NOT NULL,
    version text COLLATE "C" NOT NULL,
    source text NOT NULL, -- of what it was made: "osm:liechtenstein.osm.pbf", "demo"
    data_on date, -- the day as of which the source tells
    imported_at timestamptz NOT NULL,
    counts jsonb NOT NULL, -- numbers only: see gis/patrol/roads.py
    CONSTRAINT pk_road_network PRIMARY KEY (county, version),
    CONSTRAINT ck_road_network_version CHECK (version ~ '^[0-9a-f]{16}$')
);

-- Rows below go with their network. Nodes are not looked up from arcs by keys: both are written whole, by one function.
CREATE TABLE everycell.road_node (
    county integer NOT NULL,
    version text COLLATE "C" NOT NULL,
    id integer NOT NULL,
    geom geometry(Point, 4490) NOT NULL,
    CONSTRAINT pk_road_node PRIMARY KEY (county, version, id),
    CONSTRAINT fk_road_node_network FOREIGN KEY (county, version)
        REFERENCES everycell.road_network (county, version) ON DELETE CASCADE
);

-- A row is a piece of street with both its directions, seconds for each; NULL: not allowed that way.
CREATE TABLE everycell.road_arc (
    county integer NOT NULL,
    version text COLLATE "C" NOT NULL,
    id integer NOT NULL,
    from_node integer NOT NULL,
    to_node integer NOT NULL,
    way bigint NOT NULL, -- OpenStreetMap's, 0 without one
    class smallint NOT NULL,
    name text,
    length_m double precision NOT NULL,
    foot_s double precision,
    foot_back_s double precision,
    car_s double precision,
    car_back_s double precision,
    geom geometry(LineString, 4490) NOT NULL,
    CONSTRAINT pk_road_arc PRIMARY KEY (county, version, id),
    CONSTRAINT fk_road_arc_network FOREIGN KEY (county, version)
        REFERENCES everycell.road_network (county, version) ON DELETE CASCADE,
    CONSTRAINT ck_road_arc_class CHECK (class BETWEEN 1 AND 4),
    CONSTRAINT ck_road_arc_length CHECK (length_m > 0),
    CONSTRAINT ck_road_arc_seconds CHECK (foot_s > 0 AND foot_back_s > 0 AND car_s > 0 AND car_back_s > 0)
);

-- Runs of directed arcs (2 × id, + 1 against the line) that a car may not take one right after the other.
CREATE TABLE everycell.road_turn (
    county integer NOT NULL,
    version text COLLATE "C" NOT NULL,
    id integer NOT NULL,
    arcs integer[] NOT NULL,
    CONSTRAINT pk_road_turn PRIMARY KEY (county, version, id),
    CONSTRAINT fk_road_turn_network FOREIGN KEY (county, version)
        REFERENCES everycell.road_network (county, version) ON DELETE CASCADE,
    CONSTRAINT ck_road_turn_arcs CHECK (cardinality(arcs) >= 2)
);

ALTER TABLE everycell.road_network ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.road_node ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.road_arc ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.road_turn ENABLE ROW LEVEL SECURITY;

-- Streets are no secret within a county: whoever has an area in it sees them all. The body of everycell.meets(), as in
-- 0003; it depends on the county only.
DO $do$
DECLARE
    around text := $$current_setting('everycell.figures', true) = ',,'
        OR strpos(current_setting('everycell.figures_6', true), ',' || "left"(%1$s, 6) || ',') > 0
        OR strpos(current_setting('everycell.figures_12', true), ',' || "left"(%1$s, 12) || ',') > 0
        OR strpos(current_setting('everycell.figures_9', true), ',' || "left"(%1$s, 9) || ',') > 0
        OR strpos(current_setting('everycell.figures_15', true), ',' || %1$s || ',') > 0
        OR strpos(current_setting('everycell.figures_9', true), ',' || %1$s) > 0
        OR strpos(current_setting('everycell.figures_12', true), ',' || %1$s) > 0
        OR strpos(current_setting('everycell.figures_15', true), ',' || %1$s) > 0$$;
    seen text;
BEGIN
    FOREACH seen IN ARRAY ARRAY['road_network', 'road_node', 'road_arc', 'road_turn'] LOOP
        EXECUTE format('CREATE POLICY %1$s_seen ON everycell.%1$s FOR SELECT TO everycell_app USING (%2$s)', seen,
                       format(around, $$lpad(county::text, 6, '0')$$));
    END LOOP;
END $do$;

GRANT SELECT ON everycell.road_network, everycell.road_node, everycell.road_arc, everycell.road_turn TO everycell_app;
