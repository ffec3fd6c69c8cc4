SELECT * FROM everycell.coverage(CAST(:counties AS integer[]), :prefix, :digits, :since, :today)
