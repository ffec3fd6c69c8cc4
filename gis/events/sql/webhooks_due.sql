SELECT id, url, secret, area, kinds, position, sending_to, attempts FROM everycell.webhooks_due()
