-- What retention would remove beside visits, as everycell.retire_… count it.
SELECT
    (SELECT count(*)
     FROM (SELECT * FROM everycell.visit_id UNION ALL SELECT * FROM everycell.recent_visit_id) i
     WHERE i.county = ANY (ARRAY(SELECT everycell.retention_counties()))
        AND i.visited_on < :before AND CAST(:months AS bigint) > 0 AND NOT EXISTS (
            SELECT FROM everycell.visit v
            WHERE v.county = i.county AND v.id = i.id AND v.visited_on = i.visited_on)) AS visit_ids,
    (SELECT count(*) FROM everycell.dispute WHERE ended_at < CAST(:disputes_before AS date)) AS disputes,
    (SELECT count(*) FROM everycell.patrol_plan WHERE patrol_on < CAST(:plans_before AS date)) AS plans,
    (SELECT count(*) FROM everycell.changeset
     WHERE status IN ('draft', 'abandoned') AND changed_at < CAST(:drafts_before AS date)) AS drafts,
    (SELECT count(*) FROM everycell.outbox WHERE at < now() - interval '7 days') AS news,
    (SELECT count(*) FROM everycell.session WHERE expires_at <= clock_timestamp()) AS sessions,
    (SELECT count(*) FROM everycell.login_throttle
     WHERE last_failed_at < clock_timestamp() - interval '1 day'
        AND coalesce(locked_until, '-infinity') < clock_timestamp()) AS throttles
