SELECT everycell.publish_case_standing(
    :county, :month, CAST(:parts AS text[]), CAST(:numbers AS integer[]), :households)
