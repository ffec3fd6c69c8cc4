-- Teams, and plans of patrols: for a day and an area routes of teams, with the stops that are in them or left out.
-- Places and times only. Where anybody is, or was, is stored nowhere.
--
-- Times of day are seconds since midnight of the plan's day in the county; a shift over midnight ends after 86,400.

CREATE TABLE everycell.team (
    county integer NOT NULL,
    area text COLLATE "C" NOT NULL,
    code text COLLATE "C" NOT NULL,
    mode text NOT NULL,
    station geometry(Point, 4490) NOT NULL,
    ending geometry(Point, 4490), -- NULL: back to the station
    open_end boolean NOT NULL,
    shift_from integer NOT NULL,
    shift_to integer NOT NULL,
    breaks jsonb NOT NULL,
    skills text[] NOT NULL,
    CONSTRAINT pk_team PRIMARY KEY (county, area, code),
    CONSTRAINT ck_team_area CHECK ("left"(area, 6) = lpad(county::text, 6, '0')),
    CONSTRAINT ck_team_code CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{0,19}$'),
    CONSTRAINT ck_team_mode CHECK (mode IN ('foot', 'car')),
    CONSTRAINT ck_team_shift CHECK (0 <= shift_from AND shift_from < shift_to AND shift_to <= 172800),
    CONSTRAINT ck_team_skills CHECK (skills <@ ARRAY['mediation', 'safety'])
);

CREATE TABLE everycell.patrol_plan (
    county integer NOT NULL,
    id uuid NOT NULL,
    area text COLLATE "C" NOT NULL,
    patrol_on date NOT NULL,
    status text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    aim text NOT NULL,
    seed integer NOT NULL,
    limit_s real NOT NULL,
    asked jsonb NOT NULL, -- as it was sent: the same again is the same plan
    created_at timestamptz NOT NULL,
    created_by text COLLATE "C" NOT NULL,
    changed_at timestamptz NOT NULL,
    -- what found it, on what
    solver text,
    cpu_s real,
    straight boolean NOT NULL DEFAULT false,
    network text,
    network_source text,
    network_on date,
    compared jsonb,
    -- the search
    begun_at timestamptz,
    heard_at timestamptz,
    worker uuid,
    attempts smallint NOT NULL DEFAULT 0,
    share real NOT NULL DEFAULT 0,
    step text,
    from_s integer, -- planned again from this time of the day on
    fault text,
    fault_told text,
    CONSTRAINT pk_patrol_plan PRIMARY KEY (county, id),
    CONSTRAINT ck_patrol_plan_area CHECK ("left"(area, 6) = lpad(county::text, 6, '0')),
    CONSTRAINT ck_patrol_plan_status CHECK (status IN ('planning', 'planned', 'failed', 'cancelled')),
    CONSTRAINT ck_patrol_plan_aim CHECK (aim IN ('shortest', 'equal')),
    CONSTRAINT ck_patrol_plan_created_by CHECK (created_by ~ '^[A-Za-z0-9][A-Za-z0-9._@:-]{0,79}$'),
    CONSTRAINT ck_patrol_plan_solver CHECK (solver ~ '^[A-Za-z0-9 .,:;/()+_-]{1,80}$'),
    CONSTRAINT ck_patrol_plan_network CHECK (network ~ '^[A-Za-z0-9 .:_-]{1,80}$'),
    CONSTRAINT ck_patrol_plan_step CHECK (step IN ('waiting', 'streets', 'times', 'routes', 'check')),
    CONSTRAINT ck_patrol_plan_fault CHECK (
        (fault IS NOT NULL) = (status = 'failed')
        AND fault IN ('time', 'ended', 'unchecked', 'unusable', 'unexpected')),
    CONSTRAINT ck_patrol_plan_version CHECK (version > 0)
);
CREATE INDEX ix_patrol_plan_on ON everycell.patrol_plan (county, patrol_on);
CREATE INDEX ix_patrol_plan_planning ON everycell.patrol_plan (county, created_at) WHERE status = 'planning';

CREATE TABLE everycell.patrol_route (
    county integer NOT NULL,
    plan uuid NOT NULL,
    team text COLLATE "C" NOT NULL,
    area text COLLATE "C" NOT NULL,
    seq smallint NOT NULL,
    mode text NOT NULL,
    station geometry(Point, 4490) NOT NULL,
    ending geometry(Point, 4490),
    open_end boolean NOT NULL,
    shift_from integer NOT NULL,
    shift_to integer NOT NULL,
    breaks jsonb NOT NULL,
    skills text[] NOT NULL,
    begin_s integer,
    end_s integer,
    travel_s integer,
    service_s integer,
    waiting_s integer,
    metres double precision,
    pauses jsonb,
    legs jsonb,
    geom geometry(LineString, 4490),
    CONSTRAINT pk_patrol_route PRIMARY KEY (county, plan, team),
    CONSTRAINT fk_patrol_route_plan FOREIGN KEY (county, plan) REFERENCES everycell.patrol_plan (county, id)
        ON DELETE CASCADE,
    CONSTRAINT ck_patrol_route_team CHECK (team ~ '^[A-Z0-9][A-Z0-9-]{0,19}$'),
    CONSTRAINT ck_patrol_route_mode CHECK (mode IN ('foot', 'car')),
    CONSTRAINT ck_patrol_route_shift CHECK (0 <= shift_from AND shift_from < shift_to AND shift_to <= 172800),
    CONSTRAINT ck_patrol_route_skills CHECK (skills <@ ARRAY['mediation', 'safety'])
);

CREATE TABLE everycell.patrol_stop (
    county integer NOT NULL,
    plan uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    area text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    doorplate bigint,
    site text COLLATE "C",
    dispute uuid,
    revisit integer,
    cell text COLLATE "C", -- NULL: in no cell
    geom geometry(Point, 4490) NOT NULL,
    tier smallint NOT NULL,
    weight smallint NOT NULL,
    service_s integer NOT NULL,
    because text NOT NULL,
    days integer,
    households integer,
    units text[] COLLATE "C", -- codes of the households that wait; gone some days after the plan's
    windows jsonb NOT NULL,
    skills text[] NOT NULL,
    team text COLLATE "C",
    seq smallint,
    arrive_s integer,
    begin_s integer,
    leave_s integer,
    pinned boolean NOT NULL,
    removed boolean NOT NULL,
    why text,
    why_s integer,
    why_m real,
    CONSTRAINT pk_patrol_stop PRIMARY KEY (county, plan, key),
    CONSTRAINT fk_patrol_stop_plan FOREIGN KEY (county, plan) REFERENCES everycell.patrol_plan (county, id)
        ON DELETE CASCADE,
    CONSTRAINT ck_patrol_stop_key CHECK (key ~ '^[DSRP][0-9a-f]{1,20}$'),
    CONSTRAINT ck_patrol_stop_kind CHECK (
        kind = 'doorplate' AND num_nulls(doorplate, site, dispute, revisit) = 3 AND doorplate IS NOT NULL
        OR kind = 'site' AND num_nulls(doorplate, site, dispute, revisit) = 3 AND site IS NOT NULL
        OR kind = 'revisit' AND num_nulls(doorplate, site, dispute, revisit) = 2 AND num_nulls(dispute, revisit) = 0
        OR kind = 'place' AND num_nulls(doorplate, site, dispute, revisit) = 4),
    CONSTRAINT ck_patrol_stop_tier CHECK (tier BETWEEN 1 AND 4),
    CONSTRAINT ck_patrol_stop_weight CHECK (weight BETWEEN 1 AND 100),
    CONSTRAINT ck_patrol_stop_because CHECK (because IN (
        'picked', 'missed', 'never_reached', 'overdue', 'check_due', 'revisit_due')),
    CONSTRAINT ck_patrol_stop_skills CHECK (skills <@ ARRAY['mediation', 'safety']),
    CONSTRAINT ck_patrol_stop_team CHECK (team ~ '^[A-Z0-9][A-Z0-9-]{0,19}$'),
    CONSTRAINT ck_patrol_stop_removed CHECK (NOT removed OR seq IS NULL),
    CONSTRAINT ck_patrol_stop_why CHECK (why IN (
        'too_far', 'no_way', 'skills', 'window', 'shift', 'full', 'displaced', 'capacity', 'balance', 'removed'))
);
CREATE INDEX ix_patrol_stop_cell ON everycell.patrol_stop (county, cell);

-- A plan as it was before each change: what is taken back.
CREATE TABLE everycell.patrol_version (
    county integer NOT NULL,
    plan uuid NOT NULL,
    version integer NOT NULL,
    area text COLLATE "C" NOT NULL,
    content jsonb NOT NULL,
    CONSTRAINT pk_patrol_version PRIMARY KEY (county, plan, version),
    CONSTRAINT fk_patrol_version_plan FOREIGN KEY (county, plan) REFERENCES everycell.patrol_plan (county, id)
        ON DELETE CASCADE
);

-- What a team has done at a stop. No place: where they were when they ticked is not known.
CREATE TABLE everycell.patrol_tick (
    county integer NOT NULL,
    id uuid NOT NULL,
    plan uuid NOT NULL,
    stop text COLLATE "C" NOT NULL,
    area text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    outcome text NOT NULL,
    ticked_at timestamptz NOT NULL,
    units text[] COLLATE "C" NOT NULL, -- codes of households; gone some days after the plan's
    num_units integer NOT NULL,
    content bytea NOT NULL, -- a digest of all that was sent
    CONSTRAINT pk_patrol_tick PRIMARY KEY (county, id),
    CONSTRAINT fk_patrol_tick_plan FOREIGN KEY (county, plan) REFERENCES everycell.patrol_plan (county, id)
        ON DELETE CASCADE,
    CONSTRAINT ck_patrol_tick_stop CHECK (stop ~ '^[DSRP][0-9a-f]{1,20}$'),
    CONSTRAINT ck_patrol_tick_team CHECK (team ~ '^[A-Z0-9][A-Z0-9-]{0,19}$'),
    CONSTRAINT ck_patrol_tick_outcome CHECK (outcome IN ('reached', 'no_answer', 'skipped'))
);
CREATE INDEX ix_patrol_tick_plan ON everycell.patrol_tick (county, plan, stop);

-- The link by which a team's phone sees its route and ticks; of its secret the digest.
CREATE TABLE everycell.patrol_link (
    county integer NOT NULL,
    plan uuid NOT NULL,
    team text COLLATE "C" NOT NULL,
    hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT pk_patrol_link PRIMARY KEY (county, plan, team),
    CONSTRAINT fk_patrol_link_plan FOREIGN KEY (county, plan) REFERENCES everycell.patrol_plan (county, id)
        ON DELETE CASCADE,
    CONSTRAINT ck_patrol_link_team CHECK (team ~ '^[A-Z0-9][A-Z0-9-]{0,19}$'),
    CONSTRAINT ck_patrol_link_hash CHECK (octet_length(hash) = 32)
);
CREATE INDEX ix_patrol_link_hash ON everycell.patrol_link (hash);

-- ---- who sees it

ALTER TABLE everycell.team ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.patrol_plan ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.patrol_route ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.patrol_stop ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.patrol_tick ENABLE ROW LEVEL SECURITY;

-- The body of everycell.within(), as in 0003.
DO $do$
DECLARE
    seen text;
    inside text := $$current_setting('everycell.patrols', true) = ',,'
        OR strpos(current_setting('everycell.patrols_6', true), ',' || "left"(area, 6) || ',') > 0
        OR strpos(current_setting('everycell.patrols_12', true), ',' || "left"(area, 12) || ',') > 0
        OR strpos(current_setting('everycell.patrols_9', true), ',' || "left"(area, 9) || ',') > 0
        OR strpos(current_setting('everycell.patrols_15', true), ',' || area || ',') > 0$$;
BEGIN
    FOREACH seen IN ARRAY ARRAY['team', 'patrol_plan', 'patrol_route', 'patrol_stop', 'patrol_tick'] LOOP
        EXECUTE format('CREATE POLICY %I ON everycell.%I FOR SELECT TO everycell_app USING (%s)',
                       seen || '_seen', seen, inside);
    END LOOP;
END $do$;

GRANT SELECT ON everycell.team, everycell.patrol_plan, everycell.patrol_route, everycell.patrol_stop,
    everycell.patrol_tick TO everycell_app;
