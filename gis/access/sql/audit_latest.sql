SELECT * FROM (
    SELECT day, seq, at, who, source, action, area, detail, encode(hash, 'hex') FROM everycell.audit
    ORDER BY day DESC, seq DESC LIMIT :number
) last ORDER BY day, seq
