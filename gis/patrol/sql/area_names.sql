-- The names of the divisions that an area lies in, the largest first, and its own.
SELECT name FROM (
    SELECT d.code, d.name FROM everycell.division d
    WHERE d.code = ANY (ARRAY[left(:area, 6), left(:area, 9), left(:area, 12)]) AND length(d.code) <= length(:area)
    UNION ALL
    SELECT c.code, coalesce(c.name, c.code) FROM everycell.cell c
    WHERE c.county = :county AND c.code = :area AND c.retired_on IS NULL
) named
ORDER BY code
