-- What callers may do, as a number that changes with it, and the microsecond before this was read.
SELECT revision, CAST(extract(epoch FROM transaction_timestamp()) * 1000000 AS bigint) AS read_us FROM everycell.access_state
