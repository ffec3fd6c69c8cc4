-- All streets of a county in one digest.
SELECT coalesce(md5(string_agg(md5(s::text), '' ORDER BY s.id)), '') FROM everycell.street s WHERE s.county = :county
