-- Cases of a county by cell and category that are counted in a span of months. For publication alone.
SELECT cell, category, count(*)::integer AS cases
FROM everycell.dispute
WHERE county = :county AND counted_on >= :first AND counted_on < :after
GROUP BY cell, category
