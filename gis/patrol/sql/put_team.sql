SELECT everycell.put_team(
    :county, :area, :code, :mode, CAST(:station AS geometry), CAST(:ending AS geometry), :open_end, :first, :last,
    CAST(:breaks AS jsonb), CAST(:skills AS text[]))
