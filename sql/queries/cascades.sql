-- Foreign keys on table $1 that act on other rows when one of its rows goes: which of the tables $2 has them (its place, from
-- 0), whether those rows go too, and by what they meet.
select (t.place - 1)::int, f.confdeltype = 'c',
       (select string_agg(format('p.%I = s.%I', p.attname, s.attname), ' and ' order by k.place)
        from unnest(f.conkey, f.confkey) with ordinality k(own, other, place)
        join pg_attribute s on s.attrelid = f.conrelid and s.attnum = k.own
        join pg_attribute p on p.attrelid = f.confrelid and p.attnum = k.other)
from pg_constraint f
join unnest($2::text[]) with ordinality t(name, place) on t.name::regclass = f.conrelid
where f.confrelid = $1::text::regclass and f.contype = 'f' and f.confdeltype in ('c', 'n', 'd')
