SELECT everycell.change_dispute(
    :county, CAST(:dispute AS uuid), :version, CAST(:id AS uuid), :change, :state, :level, :due_at, :extensions, :ended_at,
    :code, :at, :role, CAST(:revisits AS date[]))
