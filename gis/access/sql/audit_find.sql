SELECT day, seq, at, who, source, action, area, detail, encode(hash, 'hex') FROM everycell.audit WHERE hash = :hash
