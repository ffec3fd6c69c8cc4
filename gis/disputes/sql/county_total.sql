-- The published number of cases that were registered in a county in a month, without family disputes: null is withheld, no
-- row where it is not counted by month.
SELECT number FROM everycell.case_figure
WHERE county = :county AND level = 'county' AND first_on = CAST(:month AS date) AND span = 1 AND NOT family
    AND category = ''
