-- How many cases that were registered in a county before a month published numbers tell of, without family disputes.
SELECT coalesce(sum(number), 0)::integer AS number FROM everycell.case_figure
WHERE county = :county AND level = 'county' AND NOT family AND category = ''
    AND first_on + make_interval(months => span) <= CAST(:month AS date)
