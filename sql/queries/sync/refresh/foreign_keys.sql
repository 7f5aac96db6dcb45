-- Foreign keys of the tables $1: "name on table", which of them has it and which it leads to (places, from 0; null: none of these), and as
-- Reference has it; whether it keeps values of the other table from changing in rows that stay.
select format('%s on %s', f.conname, f.conrelid::regclass) as name, (child.place - 1)::int as child, (t.place - 1)::int as place,
       f.confrelid::regclass as parent, parts.there, parts.met, f.conrelid = f.confrelid as to_itself,
       f.confupdtype in ('a', 'r') and not exists (
         select from pg_constraint own where own.conrelid = f.confrelid and own.contype = 'p' and f.confkey <@ own.conkey) as holds_values
from pg_constraint f
join unnest($1::text[]) with ordinality child(name, place) on child.name::regclass = f.conrelid
left join unnest($1::text[]) with ordinality t(name, place) on t.name::regclass = f.confrelid
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
where f.contype = 'f' and f.conparentid = 0
