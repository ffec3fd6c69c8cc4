SELECT everycell.make_snap_points(
    :county, :cell, CAST(:lons AS double precision[]), CAST(:lats AS double precision[]), :at)
