SELECT day, seq, at, who, source, action, area, detail, encode(hash, 'hex') FROM everycell.audit
WHERE day BETWEEN coalesce(CAST(:first AS date), '-infinity') AND coalesce(CAST(:last AS date), 'infinity')
ORDER BY day, seq
