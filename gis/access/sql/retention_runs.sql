SELECT ran_at, removed FROM everycell.retention_run ORDER BY ran_at DESC LIMIT :number
