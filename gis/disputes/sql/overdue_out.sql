-- The last month, until one, of which cases past their date are published, county by county.
SELECT DISTINCT ON (county) county, month, published_at
FROM everycell.case_overdue_release WHERE county = ANY (:counties) AND month <= CAST(:until AS date)
ORDER BY county, month DESC
