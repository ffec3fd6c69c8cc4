-- Accounts by sign-in name (:login NULL: all), each with its grants as two arrays of the same length.
SELECT a.id, a.login, a.issuer, a.created_at, a.password_set_at, a.disabled_at,
    coalesce(array_agg(g.role ORDER BY g.role, g.area) FILTER (WHERE g.role IS NOT NULL), '{}') AS roles,
    coalesce(array_agg(g.area ORDER BY g.role, g.area) FILTER (WHERE g.role IS NOT NULL), '{}') AS areas
FROM everycell.account a
LEFT JOIN everycell.area_grant g ON g.account = a.id
WHERE CAST(:login AS text) IS NULL OR a.login = :login
GROUP BY a.id
ORDER BY a.login
