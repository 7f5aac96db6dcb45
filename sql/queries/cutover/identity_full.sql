-- Of tables $1 those that write whole rows into the WAL for nobody: no publication has them, and their key would do.
select c.oid::regclass as relation, format('alter table %s replica identity default', c.oid::regclass) as statement
from unnest($1::text[]) name
join pg_class c on c.oid = to_regclass(name)
where c.relreplident = 'f'
  and exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)
  and not exists (select from pg_publication_tables p where format('%I.%I', p.schemaname, p.tablename)::regclass = c.oid)
order by 1
