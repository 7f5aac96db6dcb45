-- Foreign keys that v2's tables were given for as long as they are written: before the writes move back. $1: the migration. Dropping one
-- locks the table that it refers to.
select format('foreign key %I of %s', k.conname, k.conrelid::regclass) as object, format('was carried from v1, and refers to %s', k.confrelid::regclass) as way, 'carry' as handling, '' as flip,
       'goes, since v1 demands it' as rollback, '' as fix, '' as sql, array[n.nspname, c.relname]::text[]::text as locked, '' as referred
from crossfade.moved m join pg_constraint k on m.class = 'pg_constraint'::regclass and k.oid = m.object
join pg_class c on c.oid = k.confrelid join pg_namespace n on n.oid = c.relnamespace
where m.migration = $1
order by 1
