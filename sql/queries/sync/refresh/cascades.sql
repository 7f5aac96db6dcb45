-- Foreign keys on table $1 that act on other rows when one of its rows goes, or by $3 all: which of the tables $2 has them (its
-- place, from 0), whether those rows go too, and by what they meet.
select (t.place - 1)::int as child, f.confdeltype = 'c' as cascades,
       (select string_agg(format('p.%I %s s.%I', p.attname, case n.nspname when 'pg_catalog' then o.oprname else format('operator(%I.%s)', n.nspname, o.oprname) end,
                                 s.attname), ' and ' order by k.place)
        from unnest(f.conkey, f.confkey, f.conpfeqop) with ordinality k(own, other, operator, place)
        join pg_operator o on o.oid = k.operator
        join pg_namespace n on n.oid = o.oprnamespace
        join pg_attribute s on s.attrelid = f.conrelid and s.attnum = k.own
        join pg_attribute p on p.attrelid = f.confrelid and p.attnum = k.other) as condition
from pg_constraint f
join unnest($2::text[]) with ordinality t(name, place) on t.name::regclass = f.conrelid
where f.confrelid = $1::text::regclass and f.contype = 'f' and f.conparentid = 0 and (f.confdeltype in ('c', 'n', 'd') or $3::boolean)
