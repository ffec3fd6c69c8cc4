-- For each county with cases or published figures of them: the first month that either is of.
SELECT county, min(month) AS month
FROM (
    SELECT county, min(counted_on) AS month FROM everycell.dispute GROUP BY county
    UNION ALL
    SELECT county, min(first_on) FROM everycell.case_release GROUP BY county
) m
GROUP BY county ORDER BY county
