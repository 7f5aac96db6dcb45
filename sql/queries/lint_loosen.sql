-- What may refuse a row of the tables of schema $1, or change it, beside their primary keys: statements that take it away,
-- foreign keys before the keys they lean on.
with shadow as (
  select c.oid, c.oid::regclass as name from pg_class c
  where c.relnamespace = (select oid from pg_namespace where nspname = $1) and c.relkind in ('r', 'p')
)
select statement from (
  select case contype when 'f' then 1 else 2 end as step, format('alter table %s drop constraint %I', s.name, k.conname) as statement
  from pg_constraint k join shadow s on s.oid = k.conrelid
  where k.contype in ('f', 'c', 'u', 'x') and k.conparentid = 0
  union all
  select 3, format('drop index if exists %s', x.indexrelid::regclass)
  from pg_index x join shadow s on s.oid = x.indrelid
  where x.indisunique and not x.indisprimary and not exists (select from pg_constraint k where k.conindid = x.indexrelid)
  union all
  select 4, format('alter table %s alter column %I drop not null', s.name, a.attname)
  from pg_attribute a join shadow s on s.oid = a.attrelid
  where a.attnum > 0 and a.attnotnull and not a.attisdropped and a.attidentity = ''
    and not exists (select from pg_index x where x.indrelid = s.oid and x.indisprimary and a.attnum = any(x.indkey::int2[]))
  union all
  select 5, format('alter table %s disable trigger user', s.name) from shadow s
) loosening
order by step, statement
