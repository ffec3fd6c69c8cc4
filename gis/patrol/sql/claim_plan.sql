SELECT county, plan FROM everycell.claim_plan(CAST(:worker AS uuid), :silent, :attempts, CAST(:plan AS uuid))
