-- Households whose last dates are not what their visits say.
SELECT 'household' AS kind, h.code, 'last reached, last contact' AS figure,
       concat_ws(', ', coalesce(h.last_reached_on::text, 'never'), coalesce(h.last_contact_on::text, 'never')) AS stored,
       concat_ws(', ', coalesce(n.reached::text, 'never'), coalesce(n.contact::text, 'never')) AS counted
FROM everycell.household h
LEFT JOIN (
    SELECT household, max(visited_on) FILTER (WHERE outcome = 'reached') AS reached, max(visited_on) AS contact
    FROM everycell.visit WHERE county = :county GROUP BY household
) v ON v.household = h.id
CROSS JOIN LATERAL (
    SELECT greatest(h.reached_before, v.reached) AS reached,
           greatest(h.contact_before, h.reached_before, v.contact) AS contact
) n
WHERE h.county = :county
    AND (h.last_reached_on, h.last_contact_on) IS DISTINCT FROM (n.reached, n.contact)
ORDER BY h.code
