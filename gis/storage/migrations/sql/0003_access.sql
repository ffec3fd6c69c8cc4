-- Access: accounts, grants, tokens, sessions, the audit, and row policies for the role that the service works as.
--
-- `everycell_app` owns nothing. It reads county data through the row policies below, and everything else (passwords,
-- sessions, the audit, recording visits) through functions that run with their owner's rights. The policies read settings
-- that every transaction of the service tells first (gis/access/scope.py): where none was told, there is nothing to see.

CREATE TABLE everycell.account (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    login text COLLATE "C" NOT NULL,
    password_hash text,
    issuer text,
    subject text,
    created_at timestamptz NOT NULL,
    password_set_at timestamptz,
    disabled_at timestamptz,
    CONSTRAINT pk_account PRIMARY KEY (id),
    CONSTRAINT uq_account_login UNIQUE (login),
    CONSTRAINT uq_account_subject UNIQUE (issuer, subject),
    CONSTRAINT ck_account_login CHECK (login ~ '^[a-z0-9][a-z0-9._@-]{0,63}$')
);

CREATE TABLE everycell.area_grant (
    account uuid NOT NULL,
    role text NOT NULL,
    area text COLLATE "C" NOT NULL,
    CONSTRAINT pk_area_grant PRIMARY KEY (account, role, area),
    CONSTRAINT fk_area_grant_account FOREIGN KEY (account) REFERENCES everycell.account (id),
    CONSTRAINT ck_area_grant_role CHECK (role IN ('wall', 'operator', 'patrol_leader', 'editor', 'admin')),
    CONSTRAINT ck_area_grant_area CHECK (area ~ '^([0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{15})?$')
);

CREATE TABLE everycell.token (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    hash bytea NOT NULL,
    label text NOT NULL,
    role text NOT NULL,
    area text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT pk_token PRIMARY KEY (id),
    CONSTRAINT uq_token_hash UNIQUE (hash),
    CONSTRAINT ck_token_role CHECK (role IN ('wall', 'operator', 'patrol_leader', 'editor', 'admin')),
    CONSTRAINT ck_token_area CHECK (area ~ '^([0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{15})?$'),
    CONSTRAINT ck_token_label CHECK (label ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$')
);

CREATE TABLE everycell.session (
    hash bytea NOT NULL,
    account uuid NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT pk_session PRIMARY KEY (hash),
    CONSTRAINT fk_session_account FOREIGN KEY (account) REFERENCES everycell.account (id)
);

CREATE TABLE everycell.login_throttle (
    key bytea NOT NULL,
    failures integer NOT NULL,
    last_failed_at timestamptz NOT NULL,
    locked_until timestamptz,
    CONSTRAINT pk_login_throttle PRIMARY KEY (key)
);

CREATE TABLE everycell.access_state (
    single boolean NOT NULL DEFAULT true,
    revision bigint NOT NULL DEFAULT 1,
    CONSTRAINT pk_access_state PRIMARY KEY (single),
    CONSTRAINT ck_access_state_single CHECK (single)
);
INSERT INTO everycell.access_state DEFAULT VALUES;

CREATE TABLE everycell.audit (
    day date NOT NULL,
    seq integer NOT NULL,
    at timestamptz NOT NULL,
    who text NOT NULL,
    source text NOT NULL,
    action text NOT NULL,
    area text NOT NULL,
    detail jsonb NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT pk_audit PRIMARY KEY (day, seq),
    CONSTRAINT ck_audit_seq CHECK (seq > 0)
);

CREATE TABLE everycell.visit_count (
    county integer NOT NULL,
    cell text COLLATE "C" NOT NULL,
    month date NOT NULL,
    outcome text NOT NULL,
    visits integer NOT NULL,
    CONSTRAINT pk_visit_count PRIMARY KEY (county, cell, month, outcome),
    CONSTRAINT ck_visit_count_outcome CHECK (outcome IN ('reached', 'no_answer')),
    CONSTRAINT ck_visit_count_visits CHECK (visits > 0),
    CONSTRAINT ck_visit_count_month CHECK (date_trunc('month', month) = month)
);

CREATE TABLE everycell.retention_run (
    ran_at timestamptz NOT NULL,
    removed jsonb NOT NULL,
    CONSTRAINT pk_retention_run PRIMARY KEY (ran_at)
);

-- What callers may do has changed: every worker forgets what it knew of them.

CREATE FUNCTION everycell.access_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE everycell.access_state SET revision = revision + 1;
    PERFORM pg_notify('everycell', 'access');
    RETURN NULL;
END $$;

CREATE TRIGGER account_changed AFTER INSERT OR DELETE OR UPDATE OF login, password_hash, disabled_at
    ON everycell.account FOR EACH STATEMENT EXECUTE FUNCTION everycell.access_changed();
CREATE TRIGGER area_grant_changed AFTER INSERT OR DELETE OR UPDATE
    ON everycell.area_grant FOR EACH STATEMENT EXECUTE FUNCTION everycell.access_changed();
CREATE TRIGGER token_changed AFTER DELETE OR UPDATE OF hash, role, area, expires_at, revoked_at
    ON everycell.token FOR EACH STATEMENT EXECUTE FUNCTION everycell.access_changed();
CREATE TRIGGER session_changed AFTER DELETE OR UPDATE OF hash, account, expires_at
    ON everycell.session FOR EACH STATEMENT EXECUTE FUNCTION everycell.access_changed();

-- ---- callers

CREATE FUNCTION everycell.password_of(p_login text) RETURNS TABLE (account uuid, password_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.id, a.password_hash FROM everycell.account a
    WHERE a.login = p_login AND a.disabled_at IS NULL AND a.password_hash IS NOT NULL
$$;

-- A stronger hash of the same password, as its library asks for from time to time.
CREATE FUNCTION everycell.renew_password_hash(p_account uuid, p_was text, p_is text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE everycell.account SET password_hash = p_is WHERE id = p_account AND password_hash = p_was
$$;

CREATE FUNCTION everycell.open_session(p_account uuid, p_hash bytea, p_expires_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO everycell.session (hash, account, created_at, last_used_at, expires_at)
    SELECT p_hash, id, clock_timestamp(), clock_timestamp(), p_expires_at
    FROM everycell.account WHERE id = p_account AND disabled_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such account, or it is disabled' USING ERRCODE = 'EC002';
    END IF;
END $$;

CREATE FUNCTION everycell.close_session(p_hash bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM everycell.session WHERE hash = p_hash
$$;

-- The account of a session that is neither over nor idle for too long, one row a grant (role and area NULL where it has
-- none). Its last use is written down once in five minutes.
CREATE FUNCTION everycell.caller_of_session(p_hash bytea, p_idle interval)
RETURNS TABLE (account uuid, login text, expires_at timestamptz, role text, area text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE everycell.session s SET last_used_at = clock_timestamp()
    WHERE s.hash = p_hash AND s.expires_at > clock_timestamp()
        AND s.last_used_at BETWEEN clock_timestamp() - p_idle AND clock_timestamp() - interval '5 minutes';
    SELECT a.id, a.login, s.expires_at, g.role, g.area
    FROM everycell.session s
    JOIN everycell.account a ON a.id = s.account AND a.disabled_at IS NULL
    LEFT JOIN everycell.area_grant g ON g.account = a.id
    WHERE s.hash = p_hash AND s.expires_at > clock_timestamp() AND s.last_used_at > clock_timestamp() - p_idle
    ORDER BY g.role, g.area
$$;

CREATE FUNCTION everycell.caller_of_token(p_hash bytea)
RETURNS TABLE (id bigint, label text, expires_at timestamptz, role text, area text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE everycell.token t SET last_used_at = clock_timestamp()
    WHERE t.hash = p_hash AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp()
        AND coalesce(t.last_used_at, '-infinity') < clock_timestamp() - interval '5 minutes';
    SELECT t.id, t.label, t.expires_at, t.role, t.area FROM everycell.token t
    WHERE t.hash = p_hash AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp()
$$;

-- Somebody whom an identity provider vouches for: the account of this subject, made at the first sign-in, with exactly
-- the grants that its claims give. NULL where the account was disabled here, or its name belongs to another.
CREATE FUNCTION everycell.account_of_subject(
    p_issuer text, p_subject text, p_login text, p_roles text[], p_areas text[]
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE found_id uuid;
BEGIN
    INSERT INTO everycell.account (login, issuer, subject, created_at)
    VALUES (p_login, p_issuer, p_subject, clock_timestamp()) ON CONFLICT DO NOTHING;
    SELECT id INTO found_id FROM everycell.account
    WHERE issuer = p_issuer AND subject = p_subject AND disabled_at IS NULL FOR UPDATE;
    IF found_id IS NOT NULL THEN
        DELETE FROM everycell.area_grant g
        WHERE g.account = found_id AND NOT EXISTS (
            SELECT FROM unnest(p_roles, p_areas) AS n (role, area) WHERE n.role = g.role AND n.area = g.area);
        INSERT INTO everycell.area_grant (account, role, area)
        SELECT DISTINCT found_id, n.role, n.area FROM unnest(p_roles, p_areas) AS n (role, area) ON CONFLICT DO NOTHING;
    END IF;
    RETURN found_id;
END $$;

-- ---- wrong passwords

CREATE FUNCTION everycell.locked_until(p_keys bytea[]) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT max(t.locked_until) FROM everycell.login_throttle t
    WHERE t.key = ANY (p_keys) AND t.locked_until > clock_timestamp()
$$;

-- Count a wrong password. After `p_free` of them the key is locked, for twice as long each time, `p_most_s` at most; a
-- day without any begins anew. Returns until when it is locked.
CREATE FUNCTION everycell.count_failure(p_key bytea, p_free integer, p_first_s integer, p_most_s integer)
RETURNS timestamptz LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO everycell.login_throttle AS t (key, failures, last_failed_at, locked_until)
    VALUES (p_key, 1, clock_timestamp(),
            CASE WHEN p_free < 1 THEN clock_timestamp() + p_first_s * interval '1 second' END)
    ON CONFLICT (key) DO UPDATE SET
        failures = CASE WHEN t.last_failed_at < clock_timestamp() - interval '1 day' THEN 1 ELSE t.failures + 1 END,
        last_failed_at = clock_timestamp(),
        locked_until = CASE
            WHEN t.last_failed_at < clock_timestamp() - interval '1 day' OR t.failures + 1 < p_free THEN NULL
            ELSE clock_timestamp() + interval '1 second'
                * least(p_most_s, p_first_s * 2.0 ^ least(t.failures + 1 - p_free, 30)) END
    RETURNING locked_until
$$;

CREATE FUNCTION everycell.forget_failures(p_key bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM everycell.login_throttle WHERE key = p_key
$$;

-- ---- audit

CREATE FUNCTION everycell.audit_hash(
    p_before bytea, p_day date, p_seq integer, p_at timestamptz, p_who text, p_source text, p_action text, p_area text,
    p_detail jsonb
) RETURNS bytea LANGUAGE sql IMMUTABLE SET timezone = 'UTC' AS $$
    SELECT sha256(p_before || convert_to(jsonb_build_array(
        p_day, p_seq, to_char(p_at, 'YYYY-MM-DD"T"HH24:MI:SS.US'), p_who, p_source, p_action, p_area, p_detail)::text, 'UTF8'))
$$;

-- Append an entry. The lock lasts to the end of the transaction, so that entries stand in the order of their commits:
-- note last, right before the commit.
CREATE FUNCTION everycell.note(p_who text, p_source text, p_action text, p_area text, p_detail jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    now_at timestamptz;
    today date;
    before record;
    number integer := 1;
BEGIN
    PERFORM pg_advisory_xact_lock(7461095);
    now_at := clock_timestamp();
    SELECT day, seq, at, hash INTO before FROM everycell.audit ORDER BY day DESC, seq DESC LIMIT 1;
    IF FOUND AND now_at < before.at THEN
        now_at := before.at;  -- the machine's clock was set back: the order is what counts
    END IF;
    today := (now_at AT TIME ZONE 'UTC')::date;
    IF FOUND AND before.day = today THEN
        number := before.seq + 1;
    END IF;
    INSERT INTO everycell.audit (day, seq, at, who, source, action, area, detail, hash)
    VALUES (today, number, now_at, p_who, p_source, p_action, p_area, p_detail,
            everycell.audit_hash(coalesce(before.hash, ''::bytea), today, number, now_at, p_who, p_source, p_action, p_area,
                                 p_detail));
END $$;

CREATE FUNCTION everycell.audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = 'EC002';
END $$;

CREATE TRIGGER audit_refuse BEFORE UPDATE OR DELETE ON everycell.audit
    FOR EACH ROW EXECUTE FUNCTION everycell.audit_refuse();
CREATE TRIGGER audit_refuse_truncate BEFORE TRUNCATE ON everycell.audit
    FOR EACH STATEMENT EXECUTE FUNCTION everycell.audit_refuse();

-- ---- what the service's role may see

-- Whether a code lies in an area of a right: everywhere, or the code cut to a level stands between two commas among the
-- areas of that level. The function is inlined into the policies, which ask it for every row: settings of levels on which
-- the caller has no area are empty and cost next to nothing (bench/access.py).
CREATE FUNCTION everycell.within(p_right text, p_code text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT current_setting('everycell.' || p_right, true) = ',,'
        OR strpos(current_setting('everycell.' || p_right || '_6', true), ',' || "left"(p_code, 6) || ',') > 0
        OR strpos(current_setting('everycell.' || p_right || '_12', true), ',' || "left"(p_code, 12) || ',') > 0
        OR strpos(current_setting('everycell.' || p_right || '_9', true), ',' || "left"(p_code, 9) || ',') > 0
        OR strpos(current_setting('everycell.' || p_right || '_15', true), ',' || p_code || ',') > 0
$$;

-- The same, or an area of the right lies in the code: what belongs to a county or town as a whole.
CREATE FUNCTION everycell.meets(p_right text, p_code text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT everycell.within(p_right, p_code)
        OR strpos(current_setting('everycell.' || p_right || '_9', true), ',' || p_code) > 0
        OR strpos(current_setting('everycell.' || p_right || '_12', true), ',' || p_code) > 0
        OR strpos(current_setting('everycell.' || p_right || '_15', true), ',' || p_code) > 0
$$;

-- Which database this is, at which point of its history.
CREATE FUNCTION everycell.database_identity() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT concat_ws(' ', s.system_identifier, c.timeline_id, d.oid)
    FROM pg_control_system() s, pg_control_checkpoint() c, pg_database d WHERE d.datname = current_database()
$$;

ALTER TABLE everycell.cell ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.cell_revision ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.coverage_histogram ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.county_outline ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.division ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.doorplate ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.household ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.round_result ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.site ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.street ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.visit_round ENABLE ROW LEVEL SECURITY;

-- The policies hold the bodies of `within` and `meets`, not calls: a call would be parsed anew for every statement, which
-- costs a small tile a tenth.
DO $do$
DECLARE
    seen record;
    inside text := $$current_setting('everycell.%1$s', true) = ',,'
        OR strpos(current_setting('everycell.%1$s_6', true), ',' || "left"(%2$s, 6) || ',') > 0
        OR strpos(current_setting('everycell.%1$s_12', true), ',' || "left"(%2$s, 12) || ',') > 0
        OR strpos(current_setting('everycell.%1$s_9', true), ',' || "left"(%2$s, 9) || ',') > 0
        OR strpos(current_setting('everycell.%1$s_15', true), ',' || %2$s || ',') > 0$$;
    around text := inside || $$
        OR strpos(current_setting('everycell.%1$s_9', true), ',' || %2$s) > 0
        OR strpos(current_setting('everycell.%1$s_12', true), ',' || %2$s) > 0
        OR strpos(current_setting('everycell.%1$s_15', true), ',' || %2$s) > 0$$;
BEGIN
    FOR seen IN
        SELECT * FROM (VALUES
            ('cell', 'figures', 'code', inside), ('cell_revision', 'figures', 'cell', inside),
            ('coverage_histogram', 'figures', 'cell', inside), ('division', 'figures', 'code', inside),
            ('round_result', 'figures', 'cell', inside), ('doorplate', 'doors', 'cell', inside),
            ('household', 'doors', 'cell', inside), ('site', 'doors', 'cell', inside),
            ('visit_round', 'figures', 'area', around),
            ('street', 'figures', $$lpad(county::text, 6, '0')$$, around),
            ('county_outline', 'figures', $$lpad(county::text, 6, '0')$$, around)
        ) AS v (name, held, code, condition)
    LOOP
        EXECUTE format('CREATE POLICY %I ON everycell.%I FOR SELECT TO everycell_app USING (%s)',
                       seen.name || '_seen', seen.name, format(seen.condition, seen.held, seen.code));
    END LOOP;
END $do$;

-- Functions may be called by everybody unless said otherwise.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA everycell FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA everycell REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

GRANT USAGE ON SCHEMA everycell TO everycell_app;
GRANT SELECT ON everycell.cell, everycell.cell_revision, everycell.coverage_histogram, everycell.county_outline,
    everycell.division, everycell.doorplate, everycell.household, everycell.round_result, everycell.site,
    everycell.street, everycell.visit_round, everycell.access_state, everycell.alembic_version TO everycell_app;
GRANT EXECUTE ON FUNCTION
    everycell.within(text, text),
    everycell.meets(text, text),
    everycell.database_identity(),
    everycell.coverage(integer[], text, integer, date, date),
    everycell.password_of(text),
    everycell.renew_password_hash(uuid, text, text),
    everycell.open_session(uuid, bytea, timestamptz),
    everycell.close_session(bytea),
    everycell.caller_of_session(bytea, interval),
    everycell.caller_of_token(bytea),
    everycell.account_of_subject(text, text, text, text[], text[]),
    everycell.locked_until(bytea[]),
    everycell.count_failure(bytea, integer, integer, integer),
    everycell.forget_failures(bytea),
    everycell.note(text, text, text, text, jsonb)
TO everycell_app;

-- Recording visits, for the service: a household outside the caller's area is as unknown as one that does not exist,
-- and so is a visit of it, even where that very visit is recorded already.
CREATE FUNCTION everycell.record_visits_within(
    p_county integer, p_ids uuid[], p_households text[], p_days date[], p_times timestamptz[],
    p_outcomes text[], p_teams text[], p_purposes text[]
) RETURNS SETOF everycell.visit_outcome
LANGUAGE sql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
    WITH asked AS MATERIALIZED (
        SELECT b.n, h.code
        FROM unnest(p_households) WITH ORDINALITY AS b (code, n)
        LEFT JOIN everycell.household h
            ON h.county = p_county AND h.code = b.code COLLATE "C" AND everycell.within('visits', h.cell)
    )
    SELECT r.index, CASE WHEN a.code IS NULL THEN 'unknown' ELSE r.status END
    FROM everycell.record_visits(
        p_county, p_ids, ARRAY(SELECT coalesce(code, '') FROM asked ORDER BY n), p_days, p_times, p_outcomes, p_teams,
        p_purposes) r
    JOIN asked a ON a.n = r.index
    ORDER BY r.index
$$;
REVOKE EXECUTE ON FUNCTION
    everycell.record_visits_within(integer, uuid[], text[], date[], timestamptz[], text[], text[], text[])
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    everycell.record_visits_within(integer, uuid[], text[], date[], timestamptz[], text[], text[], text[])
TO everycell_app;
