-- Webhooks: other systems that are sent the events of an area. Made and removed by the owner; the service reads those that
-- are due, with their secrets, and writes down how it went.
--
-- All up to `position` has been answered. A message goes from there to `sending_to`, which is written down before it is
-- sent: sent again, also after a restart, it has the same id and tells of the same events.

CREATE TABLE everycell.webhook (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    label text NOT NULL,
    url text NOT NULL,
    secret bytea NOT NULL,
    area text COLLATE "C" NOT NULL,
    kinds text[] COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    position bigint NOT NULL,
    sending_to bigint,
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    outcome text,
    delivered_at timestamptz,
    failing_since timestamptz,
    dead_at timestamptz,
    CONSTRAINT pk_webhook PRIMARY KEY (id),
    CONSTRAINT ck_webhook_area CHECK (area ~ '^([0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{15})?$'),
    CONSTRAINT ck_webhook_label CHECK (label ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$'),
    CONSTRAINT ck_webhook_secret CHECK (length(secret) >= 24)
);

-- For the service alone, which a transaction shows by what it was told.
CREATE FUNCTION everycell.webhooks_due() RETURNS SETOF everycell.webhook
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT w.* FROM everycell.webhook w, everycell.event_state s
    WHERE current_setting('everycell.figures', true) = ',,' AND w.dead_at IS NULL AND w.next_at <= clock_timestamp()
        AND w.position <> s.position
    ORDER BY w.id
$$;

CREATE FUNCTION everycell.webhook_sends(p_id bigint, p_to bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE everycell.webhook SET sending_to = p_to WHERE id = p_id
$$;

-- What was sent is answered, or there was nothing in it for this webhook (`p_sent` false).
CREATE FUNCTION everycell.webhook_done(p_id bigint, p_to bigint, p_sent boolean) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE everycell.webhook
    SET position = p_to, sending_to = NULL, attempts = 0, failing_since = NULL, dead_at = NULL, next_at = clock_timestamp(),
        outcome = CASE WHEN p_sent THEN 'delivered' ELSE outcome END,
        delivered_at = CASE WHEN p_sent THEN clock_timestamp() ELSE delivered_at END
    WHERE id = p_id
$$;

-- It was not answered as it should: tried again after a pause, given up where that has gone on for so long. True where it
-- is given up now.
CREATE FUNCTION everycell.webhook_failed(p_id bigint, p_outcome text, p_pause_s double precision, p_given_up_after interval)
RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE everycell.webhook
    SET attempts = attempts + 1, outcome = p_outcome, next_at = clock_timestamp() + p_pause_s * interval '1 second',
        failing_since = coalesce(failing_since, clock_timestamp()),
        dead_at = CASE WHEN coalesce(failing_since, clock_timestamp()) <= clock_timestamp() - p_given_up_after
                       THEN clock_timestamp() END
    WHERE id = p_id
    RETURNING dead_at IS NOT NULL
$$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA everycell FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    everycell.webhooks_due(),
    everycell.webhook_sends(bigint, bigint),
    everycell.webhook_done(bigint, bigint, boolean),
    everycell.webhook_failed(bigint, text, double precision, interval)
TO everycell_app;
