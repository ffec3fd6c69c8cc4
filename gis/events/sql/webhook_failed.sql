SELECT everycell.webhook_failed(:id, :outcome, :pause_s, CAST(:given_up_after AS interval))
