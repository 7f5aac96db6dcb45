-- Foreign keys that a flip has re-pointed and that are to be validated: the table, the key, and the statement.
select u.relation::regclass, u.name, format('alter table %s validate constraint %I', u.relation::regclass, u.name) as statement
from crossfade.unvalidated u join pg_constraint k on k.conrelid = u.relation and k.conname = u.name
where u.migration = $1
order by 1, 2
