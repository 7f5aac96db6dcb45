-- Of the tables named by the arrays $1 (schemas) and $2 (names), those with more than ten thousand rows, and whether an index
-- begins with the column of the array $3; the same number of lines for as many scans. A table that was never analysed is
-- judged by its size; where one was, and has the index, the planner knew better than to use it.
with scanned as materialized (  -- or the size of every table of the database would be asked for
  select s.schema, s.name, s.by, c.oid, c.reltuples
  from unnest($1::text[], $2::text[], $3::text[]) s(schema, name, by)
  join pg_namespace n on n.nspname = s.schema
  join pg_class c on c.relnamespace = n.oid and c.relname = s.name
)
select s.schema, s.name, indexed.so as has_index
from scanned s
cross join lateral (
  select exists (
    select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    where i.indrelid = s.oid and i.indisvalid and i.indpred is null and quote_ident(a.attname) = s.by
  ) as so
) indexed
where case when s.reltuples >= 0 then s.reltuples else pg_relation_size(s.oid) / 100.0 end > 10000
  and not (indexed.so and s.reltuples >= 0)
