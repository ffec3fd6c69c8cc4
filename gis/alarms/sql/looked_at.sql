-- When the counties were last looked at: the longest ago, and of how many it is known.
SELECT min(looked_at) AS looked_at, count(*) AS number FROM everycell.alarm_look WHERE county = ANY (:counties)
