-- Months of visits that lie before a day as a whole, by the names of their partitions.
SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass('everycell.visit')
    AND to_date("right"(c.relname, 7), 'YYYY_MM') + interval '1 month' <= :before
