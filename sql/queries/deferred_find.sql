-- What a bulk load takes off a table, in the order of taking off: foreign keys from and to it, then other constraints and
-- indexes, the primary key last. Foreign keys come back unvalidated, which is quick, and are validated afterwards.
select name, stage, create_sql, validate_sql, drop_sql from (
  select format('%s on %s', conname, conrelid::regclass) as name, 2 as stage,
         format('alter table %s add constraint %I %s not valid', conrelid::regclass, conname, pg_get_constraintdef(oid)) as create_sql,
         format('alter table %s validate constraint %I', conrelid::regclass, conname) as validate_sql,
         format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop_sql, 1 as place
  from pg_constraint
  where contype = 'f' and (conrelid = $1::text::regclass or confrelid = $1::text::regclass)
  union all
  select conname, 1, format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)),
         null, format('alter table %s drop constraint %I', conrelid::regclass, conname), case contype when 'p' then 3 else 2 end
  from pg_constraint
  where conrelid = $1::text::regclass and contype in ('p', 'u', 'x')
  union all
  select c.relname, 1, pg_get_indexdef(i.indexrelid), null, format('drop index %s', i.indexrelid::regclass), 2
  from pg_index i join pg_class c on c.oid = i.indexrelid
  where i.indrelid = $1::text::regclass
    and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
) found
order by place, name
