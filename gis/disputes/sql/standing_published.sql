-- How the cases of a county stood when a month ended, as far as the caller may see it; null is withheld.
SELECT part, number FROM everycell.case_standing_figure WHERE county = :county AND month = CAST(:month AS date)
