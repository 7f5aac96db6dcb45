-- What tells the rows of table $1 apart, best first: the primary key, then unique indexes over columns that are never null. A
-- generated column is not in the WAL, so no rule can follow it.
select i.indexrelid, i.indisprimary, array_agg(a.attname::text order by k.place) as columns,
       format('alter table %s replica identity %s;', i.indrelid::regclass,
              case when i.indimmediate then format('using index %I', c.relname) else 'full' end) as tell
from pg_index i
join pg_class c on c.oid = i.indexrelid
cross join unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) with ordinality k(number, place)
left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number and k.number > 0
where i.indrelid = $1::oid and i.indisunique and i.indisvalid and i.indpred is null
group by i.indexrelid, c.relname, i.indisprimary, i.indimmediate, i.indrelid
having bool_and(a.attnotnull and a.attgenerated = '') is true and count(*) = count(a.attname)
order by i.indisprimary desc, count(*), c.relname
