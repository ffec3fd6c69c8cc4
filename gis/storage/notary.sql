-- The notary: how a statement that may write nothing, and may be rolled back, still leaves an entry in the audit. One
-- function sends one statement through a second connection of the database to itself, as the role everycell_notary, and
-- that is committed whatever becomes of the caller's transaction. See docs/decisions/0013.
--
-- For a superuser, in the database of everycell; harmless to repeat. The connection is this server's own socket, unless
-- a foreign server `everycell_notary` and its user mapping say otherwise (docs/qgis.md).
CREATE SCHEMA IF NOT EXISTS everycell_notary;
ALTER SCHEMA everycell_notary OWNER TO SESSION_USER;
CREATE EXTENSION IF NOT EXISTS dblink SCHEMA everycell_notary;

-- The name that stands first is made up anew each time: dblink takes what begins like the name of an open connection for
-- that connection, and a client who may use dblink elsewhere chooses such names.
CREATE OR REPLACE FUNCTION everycell_notary.say(p_statement text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $say$
DECLARE
    way text;
    place text;
    answer text;
BEGIN
    WITH told (name, value) AS (
        SELECT o.option_name, o.option_value
        FROM pg_foreign_server s, pg_options_to_table(s.srvoptions) o WHERE s.srvname = 'everycell_notary'
        UNION ALL
        SELECT o.option_name, o.option_value FROM pg_user_mappings m, pg_options_to_table(m.umoptions) o
        WHERE m.srvname = 'everycell_notary' AND m.usename = current_user
    ), usual (name, value) AS (
        VALUES ('host', split_part(current_setting('unix_socket_directories'), ',', 1)), ('port', current_setting('port')),
               ('user', 'everycell_notary')
    ), chosen AS (
        SELECT 1 AS place, 'application_name' AS name, 'notary ' || gen_random_uuid() AS value
        UNION ALL SELECT 2, * FROM told
        UNION ALL SELECT 2, * FROM usual WHERE NOT EXISTS (SELECT FROM told)
        UNION ALL SELECT 3, * FROM (VALUES ('dbname', current_database()::text), ('connect_timeout', '5')) AS v
    )
    SELECT string_agg(concat(name, '=', chr(39), replace(replace(value, chr(92), repeat(chr(92), 2)), chr(39),
                                                         chr(92) || chr(39)), chr(39)), ' ' ORDER BY c.place)
    INTO way FROM chosen c;
    SELECT n.nspname INTO place
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'dblink';
    EXECUTE format('SELECT t.answer FROM %I.dblink($1, $2) AS t (answer text)', place) INTO answer USING way, p_statement;
    RETURN answer;
END $say$;
ALTER FUNCTION everycell_notary.say(text) OWNER TO SESSION_USER;

-- Only whoever owns the tables may use it.
DO $do$
DECLARE
    owner name := coalesce(
        (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'everycell'),
        (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()));
BEGIN
    REVOKE ALL ON SCHEMA everycell_notary FROM PUBLIC;
    REVOKE ALL ON FUNCTION everycell_notary.say(text) FROM PUBLIC;
    EXECUTE format('GRANT USAGE ON SCHEMA everycell_notary TO %I', owner);
    EXECUTE format('GRANT EXECUTE ON FUNCTION everycell_notary.say(text) TO %I', owner);
END $do$;
