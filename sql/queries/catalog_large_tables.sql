-- Of the tables named by the arrays $1 (schemas) and $2 (names), those with more than ten thousand rows; the same number
-- of lines for as many scans. A table that was never analysed is judged by its size.
select s.schema, s.name
from unnest($1::text[], $2::text[]) s(schema, name)
join pg_namespace n on n.nspname = s.schema
join pg_class c on c.relnamespace = n.oid and c.relname = s.name
where case when c.reltuples >= 0 then c.reltuples else pg_relation_size(c.oid) / 100.0 end > 10000
