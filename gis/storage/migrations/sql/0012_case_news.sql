-- Published counts of cases are news as all else is: an outbox row and NOTIFY in the same transaction, for each table, so
-- that a worker does not find out when it next asks.

CREATE FUNCTION everycell.case_release_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    PERFORM everycell.emit(NEW.county, 'case_figures', jsonb_build_object(
        'level', NEW.level, 'first_on', NEW.first_on, 'months', NEW.span, 'family', NEW.family));
    RETURN NULL;
END $$;
CREATE TRIGGER case_release_told AFTER INSERT ON everycell.case_release
    FOR EACH ROW EXECUTE FUNCTION everycell.case_release_told();

REVOKE EXECUTE ON FUNCTION everycell.case_release_told() FROM PUBLIC;
