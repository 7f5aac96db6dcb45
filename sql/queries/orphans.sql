-- Which of the tables $2 (its place, from 0) has foreign key $1, "name on table", and what is so of each of its rows s that refers to nobody.
select (t.place - 1)::int as child, format('%s and not exists (select from %s p where %s)', parts.there, f.confrelid::regclass, parts.met) as condition
from pg_constraint f
join unnest($2::text[]) with ordinality t(name, place) on t.name::regclass = f.conrelid
cross join lateral (
  select string_agg(format('s.%I is not null', s.attname), ' and ' order by k.place) as there,
         string_agg(format('p.%I %s s.%I', p.attname, case n.nspname when 'pg_catalog' then o.oprname else format('operator(%I.%s)', n.nspname, o.oprname) end,
                           s.attname), ' and ' order by k.place) as met
  from unnest(f.conkey, f.confkey, f.conpfeqop) with ordinality k(own, other, operator, place)
  join pg_operator o on o.oid = k.operator
  join pg_namespace n on n.oid = o.oprnamespace
  join pg_attribute s on s.attrelid = f.conrelid and s.attnum = k.own
  join pg_attribute p on p.attrelid = f.confrelid and p.attnum = k.other
) parts
where f.contype = 'f' and f.conparentid = 0 and format('%s on %s', f.conname, f.conrelid::regclass) = $1::text
