-- Columns whose highest value the flip looks for to set their sequence ($1, as crossfade.sequence_pairs takes it), that no index has in order,
-- and whose tables have more than $2 bytes to be read for that while everybody waits.
select format('%s.%I', p.own::regclass, p.own_column) as name, pg_size_pretty(size.bytes) as size,
       format('create index %son %s (%I)', case when c.relkind = 'p' then '' else 'concurrently ' end, p.own::regclass, p.own_column) as fix
from (select distinct own, own_column from crossfade.sequence_pairs($1::jsonb)) p
join pg_class c on c.oid = p.own
join pg_attribute a on a.attrelid = p.own and a.attname = p.own_column and a.atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
cross join lateral (select sum(pg_relation_size(part)) as bytes from unnest(crossfade.all_parts(p.own)) part) size
where size.bytes > $2::bigint
  and not exists (select from pg_index i join pg_class x on x.oid = i.indexrelid join pg_am m on m.oid = x.relam
                  where i.indrelid = p.own and i.indisvalid and i.indpred is null and m.amname = 'btree' and i.indkey[0] = a.attnum)
order by 1
