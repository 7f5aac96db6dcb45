-- The tables of schema $1 that hold rows of their own, and what stands against following each. Partitions go with their root;
-- what an extension brought stays with it.
select c.oid, c.relname, quote_ident(c.relname) as quoted, c.relkind = 'p' as partitioned,
       case when c.relkind = 'f' then 'it is a foreign table: its changes are not in the WAL'
            when c.relpersistence = 'u' then 'it is not logged: its changes are not in the WAL'
            when c.relkind = 'r' and exists (select from pg_inherits i where i.inhparent = c.oid)
              then 'other tables inherit from it, and their changes come under their own names'
            when exists (select from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey::int2[])
                         where i.indrelid = c.oid and i.indisprimary and a.attgenerated <> '')
              then 'its primary key has a generated column, which is not in the WAL'
            when strpos(c.relname, '.') > 0 then 'migration.yaml cannot name a table with a dot in its name' end as problem,
       array_to_string(c.reloptions, ', ') as options, c.relrowsecurity
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relkind in ('r', 'p', 'f') and not c.relispartition
  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by c.relname
