-- A view of schema $1, where it is there, as the statement that creates it as it is.
select format('create view %s%s as%s', c.oid::regclass, ' with (' || nullif(array_to_string(c.reloptions, ', '), '') || ')', e'\n' || rtrim(pg_get_viewdef(c.oid), ';')) as create_sql,
       array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0) as columns
from pg_class c where c.relnamespace = to_regnamespace(quote_ident($1)) and c.relkind = 'v' and c.relname = $2
