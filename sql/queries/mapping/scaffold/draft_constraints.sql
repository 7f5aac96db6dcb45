-- The constraints of table $1 as `create table` writes them, but for foreign keys. The index $2 is of the primary key of the new
-- table, whatever it is here.
select format('constraint %I primary key (%s)', c.relname, string_agg(quote_ident(a.attname), ', ' order by k.place))
from pg_class c
join pg_index i on i.indexrelid = c.oid
cross join unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) with ordinality k(number, place)
join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
where c.oid = $2::oid
group by c.relname
union all
(select format('constraint %I %s', k.conname, lower(substring(d.text from '^[A-Z ]+')) || substring(d.text from '^[A-Z ]+(.*)$'))
 from pg_constraint k cross join pg_get_constraintdef(k.oid) d(text)
 where k.conrelid = $1::oid and k.contype in ('u', 'x', 'c') and k.conindid <> $2::oid
 order by array_position(array['u', 'x', 'c'], k.contype::text), k.conname)
