-- Foreign keys of the tables $1 in schema $2 to tables of other schemas, which we may take off: target, key, and both as people call them.
select c.relname, k.oid, k.conname, k.confrelid::regclass
from pg_class c
join pg_constraint k on k.conrelid = c.oid and k.contype = 'f' and k.conparentid = 0
join pg_class r on r.oid = k.confrelid
where c.relname = any ($1::text[]) and c.relnamespace = to_regnamespace(quote_ident($2)) and r.relnamespace <> c.relnamespace
  and pg_has_role(c.relowner, 'USAGE')
order by 1, 3
