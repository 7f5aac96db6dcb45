-- Selects over the rows that refer to row s of table $1, by foreign keys of any table but $2.
select format('select from %s r where %s', f.conrelid::regclass,
              (select string_agg(format('s.%I %s r.%I', s.attname, case n.nspname when 'pg_catalog' then o.oprname else format('operator(%I.%s)', n.nspname, o.oprname) end,
                                        r.attname), ' and ' order by k.place)
               from unnest(f.conkey, f.confkey, f.conpfeqop) with ordinality k(own, other, operator, place)
               join pg_operator o on o.oid = k.operator
               join pg_namespace n on n.oid = o.oprnamespace
               join pg_attribute r on r.attrelid = f.conrelid and r.attnum = k.own
               join pg_attribute s on s.attrelid = f.confrelid and s.attnum = k.other))
from pg_constraint f
where f.confrelid = $1::text::regclass and f.contype = 'f' and f.conparentid = 0
  and not exists (select from unnest($2::text[]) t(name) where t.name::regclass = f.conrelid)
