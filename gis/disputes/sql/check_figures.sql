-- Published figures of cases that cannot be: a table without a number for each of its areas and categories; an area that
-- is known where all areas in it are, and is not their sum; a county of which fewer cases were published than there are.
WITH figure AS MATERIALIZED (
    SELECT level, first_on, span, family, area, category, number,
           CASE level WHEN 'cell' THEN 'village' WHEN 'village' THEN 'town' WHEN 'town' THEN 'county' END AS above,
           "left"(area, CASE level WHEN 'cell' THEN 12 WHEN 'village' THEN 9 WHEN 'town' THEN 6 END) AS parent
    FROM everycell.case_figure WHERE county = :county
), inside AS (
    SELECT above AS level, first_on, span, family, parent AS area, category, sum(number) AS number
    FROM figure WHERE above IS NOT NULL
    GROUP BY above, first_on, span, family, parent, category HAVING bool_and(number IS NOT NULL)
), around AS (
    SELECT i.level, i.first_on, i.span, i.family, i.area, i.category, i.number AS counted, sum(f.number) AS stored
    FROM inside i
    JOIN figure f ON (f.level, f.family, f.area, f.category) = (i.level, i.family, i.area, i.category)
        AND f.first_on >= i.first_on
        AND f.first_on + make_interval(months => f.span) <= i.first_on + make_interval(months => i.span)
    GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING bool_and(f.number IS NOT NULL) AND sum(f.span) = i.span
), whole AS (
    SELECT f.area, f.first_on, f.family, f.number AS stored, (
        SELECT count(*) FROM everycell.dispute d
        WHERE d.county = :county AND (d.category = 'family') = f.family
            AND d.counted_on >= f.first_on AND d.counted_on < f.first_on + make_interval(months => f.span)) AS counted
    FROM figure f WHERE f.level = 'county' AND f.category = '' AND f.number IS NOT NULL
)
SELECT 'case_release' AS kind, r.level AS code, concat_ws(' ', 'numbers of', r.first_on) AS figure,
       count(f.area)::text AS stored,
       (count(DISTINCT f.area) * CASE WHEN r.family THEN 1 ELSE 14 END)::text AS counted
FROM everycell.case_release r
LEFT JOIN figure f ON (f.level, f.first_on, f.span, f.family) = (r.level, r.first_on, r.span, r.family)
WHERE r.county = :county
GROUP BY r.level, r.first_on, r.span, r.family
HAVING count(f.area) = 0 OR count(f.area) <> count(DISTINCT f.area) * CASE WHEN r.family THEN 1 ELSE 14 END
UNION ALL
SELECT 'case_figure', area, concat_ws(' ', 'cases', category, 'from', first_on), stored::text, counted::text
FROM around WHERE stored <> counted
UNION ALL
SELECT 'case_figure', area, concat_ws(' ', 'cases from', first_on), stored::text, counted::text
FROM whole WHERE stored < counted
ORDER BY 1, 2, 3
