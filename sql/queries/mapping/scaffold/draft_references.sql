-- The foreign keys of table $1. A reference within its schema leads to the new table in schema $2; what
-- follows the columns (on delete ...) is taken as the server writes it. Rows that v1 has never looked at are looked at in v2.
select quote_ident(f.conname) as name, case when p.relnamespace = c.relnamespace then p.relname end as parent, own.names as columns, others.names as parent_columns,
       format('foreign key (%s) references %s (%s)%s', own.list,
              case when p.relnamespace = c.relnamespace then format('%I.%I', $2::text, p.relname) else f.confrelid::regclass::text end,
              others.list, case when tail.text like '%"%' then tail.text else lower(tail.text) end) as definition
from pg_constraint f
join pg_class c on c.oid = f.conrelid
join pg_class p on p.oid = f.confrelid
cross join lateral (
  select array_agg(a.attname::text order by k.place) as names, string_agg(quote_ident(a.attname), ', ' order by k.place) as list
  from unnest(f.conkey) with ordinality k(number, place) join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.number
) own
cross join lateral (
  select array_agg(a.attname::text order by k.place) as names, string_agg(quote_ident(a.attname), ', ' order by k.place) as list
  from unnest(f.confkey) with ordinality k(number, place) join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.number
) others
cross join lateral (
  select regexp_replace(substr(pg_get_constraintdef(f.oid), length(format('FOREIGN KEY (%s) REFERENCES %s(%s)', own.list, f.confrelid::regclass, others.list)) + 1),
                        ' NOT VALID$', '') as text
) tail
where f.conrelid = $1::oid and f.contype = 'f' and f.conparentid = 0
order by f.conname
