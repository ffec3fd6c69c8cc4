-- Cases of civil disputes: a category, a way in, a state, dates, a cell and a snap point. No parties, no narrative, and
-- never the place where a case was reported.
--
-- `area` is what is told of where a case lies: its cell, of a family dispute its village. Row policies go by it, and so
-- does whoever asks for the cases of an area.

CREATE TABLE everycell.dispute (
    county integer NOT NULL,
    id uuid NOT NULL,
    cell text COLLATE "C" NOT NULL,
    snap uuid NOT NULL,
    area text COLLATE "C" NOT NULL GENERATED ALWAYS AS (
        CASE WHEN category = 'family' THEN "left"(cell, 12) ELSE cell END) STORED,
    category text NOT NULL,
    channel text NOT NULL,
    state text NOT NULL,
    level text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    reported_at timestamptz NOT NULL,
    registered_at timestamptz NOT NULL,
    due_at timestamptz,
    extensions smallint NOT NULL DEFAULT 0,
    ended_at timestamptz,
    CONSTRAINT pk_dispute PRIMARY KEY (county, id),
    CONSTRAINT fk_dispute_cell FOREIGN KEY (county, cell) REFERENCES everycell.cell (county, code),
    CONSTRAINT fk_dispute_snap FOREIGN KEY (county, snap) REFERENCES everycell.snap_point (county, id),
    CONSTRAINT ck_dispute_category CHECK (category IN (
        'neighbours', 'housing', 'land', 'debt', 'labour', 'damages', 'property_management', 'traffic', 'consumer',
        'relocation', 'environment', 'village_affairs', 'other', 'family')),
    CONSTRAINT ck_dispute_channel CHECK (channel IN ('patrol', 'reported', 'referred')),
    CONSTRAINT ck_dispute_state CHECK (state IN (
        'registered', 'accepted', 'not_accepted', 'in_mediation', 'agreed_oral', 'agreed_written', 'not_agreed',
        'referred', 'performed', 'closed', 'reopened')),
    CONSTRAINT ck_dispute_level CHECK (level IN ('cell', 'village', 'town', 'county')),
    CONSTRAINT ck_dispute_extensions CHECK (extensions BETWEEN 0 AND 1),
    CONSTRAINT ck_dispute_due_at CHECK (due_at IS NOT NULL OR state IN ('registered', 'not_accepted')),
    CONSTRAINT ck_dispute_ended_at CHECK ((ended_at IS NOT NULL) = (state IN ('not_accepted', 'closed')))
);
CREATE INDEX ix_dispute_area ON everycell.dispute (county, area);
CREATE INDEX ix_dispute_due ON everycell.dispute (county, due_at) WHERE ended_at IS NULL;
CREATE INDEX ix_dispute_snap ON everycell.dispute (county, snap);

-- What happened to a case: from which change on (`seq`, the case's version then), which state, level and date it has.
-- `id` is the client's: the same change, sent again, is the same.
CREATE TABLE everycell.dispute_event (
    county integer NOT NULL,
    dispute uuid NOT NULL,
    seq integer NOT NULL,
    id uuid NOT NULL,
    area text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    role text NOT NULL,
    change text NOT NULL,
    state text NOT NULL,
    level text NOT NULL,
    due_at timestamptz,
    code text,
    CONSTRAINT pk_dispute_event PRIMARY KEY (county, dispute, seq),
    CONSTRAINT uq_dispute_event_id UNIQUE (county, id),
    CONSTRAINT fk_dispute_event_dispute FOREIGN KEY (county, dispute) REFERENCES everycell.dispute (county, id),
    CONSTRAINT ck_dispute_event_seq CHECK (seq > 0),
    CONSTRAINT ck_dispute_event_role CHECK (role IN ('wall', 'operator', 'patrol_leader', 'editor', 'admin')),
    CONSTRAINT ck_dispute_event_change CHECK (change IN ('registered', 'state', 'level', 'extension')),
    CONSTRAINT ck_dispute_event_state CHECK (state IN (
        'registered', 'accepted', 'not_accepted', 'in_mediation', 'agreed_oral', 'agreed_written', 'not_agreed',
        'referred', 'performed', 'closed', 'reopened')),
    CONSTRAINT ck_dispute_event_level CHECK (level IN ('cell', 'village', 'town', 'county')),
    CONSTRAINT ck_dispute_event_code CHECK (coalesce(
        CASE WHEN change = 'extension' THEN code IN ('survey', 'papers', 'departments', 'season', 'agreed')
             WHEN change = 'state' AND state = 'not_accepted' THEN code IN (
                 'no_dispute', 'duplicate', 'elsewhere', 'other_authority', 'in_court', 'withdrawn')
             WHEN change = 'state' AND state = 'referred' THEN code IN (
                 'county_mediation', 'legal_aid', 'court', 'labour_arbitration', 'land_arbitration', 'police',
                 'housing_authority', 'natural_resources', 'market_regulation', 'ecology', 'transport')
             WHEN change = 'state' AND state = 'closed' THEN code IN (
                 'performed', 'taken_over', 'withdrawn', 'unsettled')
             ELSE code IS NULL END, false))
);

-- The place of a closed case is visited again ("回头看").
CREATE TABLE everycell.revisit (
    county integer NOT NULL,
    dispute uuid NOT NULL,
    seq integer NOT NULL,
    area text COLLATE "C" NOT NULL,
    due_on date NOT NULL,
    done_at timestamptz,
    outcome text,
    role text,
    CONSTRAINT pk_revisit PRIMARY KEY (county, dispute, seq),
    CONSTRAINT fk_revisit_dispute FOREIGN KEY (county, dispute) REFERENCES everycell.dispute (county, id),
    CONSTRAINT ck_revisit_seq CHECK (seq > 0),
    CONSTRAINT ck_revisit_outcome CHECK (outcome IN ('holds', 'broken', 'no_answer')),
    CONSTRAINT ck_revisit_role CHECK (role IN ('wall', 'operator', 'patrol_leader', 'editor', 'admin')),
    CONSTRAINT ck_revisit_done CHECK (num_nulls(done_at, outcome, role) IN (0, 3))
);
CREATE INDEX ix_revisit_due ON everycell.revisit (county, due_on) WHERE done_at IS NULL;

-- ---- what happened stays as it was

CREATE FUNCTION everycell.dispute_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Where a case lies follows the grid; all else stays. Retention alone removes.
    IF TG_OP = 'UPDATE' AND NEW.area <> OLD.area
        AND (NEW.county, NEW.dispute, NEW.seq, NEW.id, NEW.at, NEW.role, NEW.change, NEW.state, NEW.level, NEW.due_at, NEW.code)
            IS NOT DISTINCT FROM
            (OLD.county, OLD.dispute, OLD.seq, OLD.id, OLD.at, OLD.role, OLD.change, OLD.state, OLD.level, OLD.due_at, OLD.code)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'what happened to a case is not changed afterwards' USING ERRCODE = 'EC002';
END $$;
CREATE TRIGGER dispute_event_refuse BEFORE UPDATE OR DELETE ON everycell.dispute_event
    FOR EACH ROW WHEN (NOT everycell.writing('retention')) EXECUTE FUNCTION everycell.dispute_event_refuse();

CREATE FUNCTION everycell.dispute_moved() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    UPDATE everycell.dispute_event SET area = NEW.area WHERE county = NEW.county AND dispute = NEW.id;
    UPDATE everycell.revisit SET area = NEW.area WHERE county = NEW.county AND dispute = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER dispute_moved AFTER UPDATE OF cell ON everycell.dispute
    FOR EACH ROW WHEN (OLD.area <> NEW.area) EXECUTE FUNCTION everycell.dispute_moved();

-- Cases whose snap point has ended are snapped again, from where it stood. Where no place stands for enough dwellings any
-- more, a case waits at the one that ended, and no place of it is told.
CREATE FUNCTION everycell.settle_disputes(p_county integer) RETURNS void LANGUAGE sql AS $$
    WITH ended AS MATERIALIZED (
        SELECT s.id, everycell.snap_at(p_county, coalesce(everycell.cell_at(p_county, s.geom), s.cell), s.geom) AS next
        FROM everycell.snap_point s
        WHERE s.county = p_county AND s.ended_at IS NOT NULL
            AND EXISTS (SELECT FROM everycell.dispute d WHERE d.county = p_county AND d.snap = s.id)
    )
    UPDATE everycell.dispute d SET snap = n.id, cell = n.cell
    FROM ended e JOIN everycell.snap_point n ON n.county = p_county AND n.id = e.next
    WHERE d.county = p_county AND d.snap = e.id
$$;

-- ---- cases come in

CREATE TYPE everycell.dispute_outcome AS (index integer, status text);

-- Register cases of one county, each for itself: accepted, repeated (the same id and content), conflict (the same id,
-- other content) or unknown (there is no such snap point where the caller may register cases). A snap point that has
-- ended stands for the one that its cases went to. `p_placed`: the place is compared too, where it is still there.
CREATE FUNCTION everycell.register_disputes(
    p_county integer, p_ids uuid[], p_snaps uuid[], p_categories text[], p_channels text[], p_levels text[],
    p_reported timestamptz[], p_roles text[], p_at timestamptz, p_placed boolean
) RETURNS SETOF everycell.dispute_outcome
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    PERFORM everycell.share_snap_points(p_county);
    RETURN QUERY
    WITH item AS MATERIALIZED (
        SELECT b.*, g.ended_at IS NULL AS live, CASE WHEN g.ended_at IS NULL THEN g.id ELSE everycell.snap_at(
                   p_county, coalesce(everycell.cell_at(p_county, g.geom), g.cell), g.geom) END AS snap
        FROM unnest(p_ids, p_snaps, p_categories, p_channels, p_levels, p_reported, p_roles)
             WITH ORDINALITY AS b (id, given, category, channel, level, reported_at, role, index)
        LEFT JOIN everycell.snap_point g ON g.county = p_county AND g.id = b.given
    ), batch AS MATERIALIZED (
        SELECT i.*, s.cell, coalesce(everycell.within(
                   'cases', CASE WHEN i.category = 'family' THEN "left"(s.cell, 12) ELSE s.cell END), false) AS allowed
        FROM item i LEFT JOIN everycell.snap_point s ON s.county = p_county AND s.id = i.snap
    ), first AS MATERIALIZED (
        SELECT DISTINCT ON (id) * FROM batch WHERE allowed ORDER BY id, index
    ), fresh AS (
        INSERT INTO everycell.dispute
            (county, id, cell, snap, category, channel, state, level, reported_at, registered_at)
        SELECT p_county, id, cell, snap, category, channel, 'registered', level, reported_at, p_at FROM first ORDER BY id
        ON CONFLICT DO NOTHING
        RETURNING id, area
    ), noted AS (
        INSERT INTO everycell.dispute_event
            (county, dispute, seq, id, area, at, role, change, state, level)
        SELECT p_county, n.id, 1, n.id, n.area, p_at, f.role, 'registered', 'registered', f.level
        FROM fresh n JOIN first f ON f.id = n.id ORDER BY n.id
    ), told AS (
        SELECT everycell.emit(p_county, 'disputes', jsonb_build_object('disputes', jsonb_agg(id ORDER BY id)))
        FROM fresh HAVING count(*) > 0
    )
    SELECT b.index::integer, CASE
        WHEN NOT b.allowed THEN 'unknown'
        WHEN n.id IS NOT NULL AND f.index = b.index THEN 'accepted'
        WHEN n.id IS NOT NULL THEN
            CASE WHEN (f.given, f.category, f.channel, f.level, f.reported_at)
                    = (b.given, b.category, b.channel, b.level, b.reported_at) THEN 'repeated' ELSE 'conflict' END
        WHEN EXISTS (
            SELECT FROM everycell.dispute d
            JOIN everycell.dispute_event e ON e.county = p_county AND e.dispute = d.id AND e.seq = 1
            WHERE d.county = p_county AND d.id = b.id
                AND (d.category, d.channel, e.level, d.reported_at) = (b.category, b.channel, b.level, b.reported_at)
                AND (d.snap = b.snap OR NOT b.live OR NOT p_placed)
                AND everycell.within('cases', d.area)) THEN 'repeated'
        ELSE 'conflict' END
    FROM batch b
    LEFT JOIN first f ON f.id = b.id
    LEFT JOIN fresh n ON n.id = b.id
    WHERE (SELECT count(*) FROM told) >= 0
    ORDER BY b.index;
END $$;

-- ---- cases change

-- Write what a change has come to (gis.disputes.workflow says what may follow what). `p_version` is what the caller has
-- read. Returns false where this very change was made before.
CREATE FUNCTION everycell.change_dispute(
    p_county integer, p_dispute uuid, p_version integer, p_id uuid, p_change text, p_state text, p_level text,
    p_due_at timestamptz, p_extensions integer, p_ended_at timestamptz, p_code text, p_at timestamptz, p_role text,
    p_revisits date[]
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    here everycell.dispute;
    before record;
BEGIN
    SELECT * INTO here FROM everycell.dispute
    WHERE county = p_county AND id = p_dispute AND everycell.within('mediation', area) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no case %', p_dispute USING ERRCODE = 'EC004';
    END IF;
    SELECT * INTO before FROM everycell.dispute_event WHERE county = p_county AND id = p_id;
    IF FOUND THEN
        IF (before.dispute, before.change, before.seq, before.code) IS NOT DISTINCT FROM (p_dispute, p_change, p_version + 1, p_code)
            AND (p_change <> 'state' OR before.state = p_state) AND (p_change <> 'level' OR before.level = p_level)
        THEN
            RETURN false;
        END IF;
        RAISE EXCEPTION 'id: a change with this id and other content was made already' USING ERRCODE = 'EC002', COLUMN = 'id';
    END IF;
    IF here.version <> p_version THEN
        RAISE EXCEPTION 'version: the case has changed since: it has version %, not %; read it again', here.version, p_version
            USING ERRCODE = 'EC002', COLUMN = 'version';
    END IF;
    UPDATE everycell.dispute
    SET state = p_state, level = p_level, due_at = p_due_at, extensions = p_extensions::smallint, ended_at = p_ended_at,
        version = p_version + 1
    WHERE county = p_county AND id = p_dispute;
    INSERT INTO everycell.dispute_event
        (county, dispute, seq, id, area, at, role, change, state, level, due_at, code)
    VALUES (p_county, p_dispute, p_version + 1, p_id, here.area, p_at, p_role, p_change, p_state, p_level, p_due_at, p_code);
    IF p_state = 'reopened' THEN
        DELETE FROM everycell.revisit WHERE county = p_county AND dispute = p_dispute AND done_at IS NULL;
    END IF;
    INSERT INTO everycell.revisit (county, dispute, seq, area, due_on)
    SELECT p_county, p_dispute, n + coalesce((
               SELECT max(seq) FROM everycell.revisit WHERE county = p_county AND dispute = p_dispute), 0), here.area, due_on
    FROM unnest(p_revisits) WITH ORDINALITY AS r (due_on, n);
    PERFORM everycell.emit(p_county, 'disputes', jsonb_build_object('disputes', jsonb_build_array(p_dispute)));
    RETURN true;
END $$;

-- Write down that the place of a closed case was visited again. Returns false where the same was written down before.
CREATE FUNCTION everycell.record_revisit(
    p_county integer, p_dispute uuid, p_seq integer, p_outcome text, p_done_at timestamptz, p_role text
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    here everycell.revisit;
BEGIN
    SELECT * INTO here FROM everycell.revisit
    WHERE county = p_county AND dispute = p_dispute AND seq = p_seq AND everycell.within('cases', area) FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no revisit % of case %', p_seq, p_dispute USING ERRCODE = 'EC004';
    END IF;
    IF here.done_at IS NOT NULL THEN
        IF (here.done_at, here.outcome) = (p_done_at, p_outcome) THEN
            RETURN false;
        END IF;
        RAISE EXCEPTION 'revisit % of case % is done already', p_seq, p_dispute USING ERRCODE = 'EC002';
    END IF;
    UPDATE everycell.revisit SET done_at = p_done_at, outcome = p_outcome, role = p_role
    WHERE county = p_county AND dispute = p_dispute AND seq = p_seq;
    PERFORM everycell.emit(p_county, 'disputes', jsonb_build_object('disputes', jsonb_build_array(p_dispute)));
    RETURN true;
END $$;

-- ---- cases go

-- Cases that ended before a day, with all that happened to them, and snap points that ended before it. The last six months
-- stay, however it is called.
CREATE FUNCTION everycell.retire_disputes(p_county integer, p_before date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    mode_before text := current_setting('everycell.mode', true);
    old uuid[];
BEGIN
    IF p_before IS NULL OR p_before > (clock_timestamp() AT TIME ZONE 'UTC')::date + 1 - interval '6 months' THEN
        RAISE EXCEPTION 'cases of the last six months are never removed' USING ERRCODE = 'EC002';
    END IF;
    SELECT array_agg(id) INTO old FROM (
        SELECT id FROM everycell.dispute WHERE county = p_county AND ended_at < p_before ORDER BY id FOR UPDATE
    ) locked;
    PERFORM set_config('everycell.mode', 'retention', true);
    DELETE FROM everycell.revisit WHERE county = p_county AND dispute = ANY (old);
    DELETE FROM everycell.dispute_event WHERE county = p_county AND dispute = ANY (old);
    DELETE FROM everycell.dispute WHERE county = p_county AND id = ANY (old);
    PERFORM set_config('everycell.mode', coalesce(mode_before, ''), true);
    DELETE FROM everycell.snap_point s
    WHERE s.county = p_county AND s.ended_at < p_before
        AND NOT EXISTS (SELECT FROM everycell.dispute d WHERE d.county = p_county AND d.snap = s.id);
    RETURN coalesce(cardinality(old), 0);
END $$;

-- ---- who sees it

ALTER TABLE everycell.snap_point ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.dispute ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.dispute_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.revisit ENABLE ROW LEVEL SECURITY;

-- The body of everycell.within(), as in 0003.
DO $do$
DECLARE
    seen record;
    inside text := $$current_setting('everycell.%1$s', true) = ',,'
        OR strpos(current_setting('everycell.%1$s_6', true), ',' || "left"(%2$s, 6) || ',') > 0
        OR strpos(current_setting('everycell.%1$s_12', true), ',' || "left"(%2$s, 12) || ',') > 0
        OR strpos(current_setting('everycell.%1$s_9', true), ',' || "left"(%2$s, 9) || ',') > 0
        OR strpos(current_setting('everycell.%1$s_15', true), ',' || %2$s || ',') > 0$$;
BEGIN
    FOR seen IN
        SELECT * FROM (VALUES
            ('snap_point', 'cell'), ('dispute', 'area'), ('dispute_event', 'area'), ('revisit', 'area')
        ) AS v (name, code)
    LOOP
        EXECUTE format('CREATE POLICY %I ON everycell.%I FOR SELECT TO everycell_app USING (%s)',
                       seen.name || '_seen', seen.name, format(inside, 'cases', seen.code));
    END LOOP;
END $do$;

GRANT SELECT ON everycell.snap_point, everycell.dispute, everycell.dispute_event, everycell.revisit TO everycell_app;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA everycell FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    everycell.snap_at(integer, text, geometry),
    everycell.make_snap_points(integer, text, double precision[], double precision[], timestamptz),
    everycell.register_disputes(
        integer, uuid[], uuid[], text[], text[], text[], timestamptz[], text[], timestamptz, boolean),
    everycell.change_dispute(
        integer, uuid, integer, uuid, text, text, text, timestamptz, integer, timestamptz, text, timestamptz, text, date[]),
    everycell.record_revisit(integer, uuid, integer, text, timestamptz, text),
    everycell.retire_disputes(integer, date)
TO everycell_app;
