-- Views of a schema: what drops each, and what makes it anew as it is.
select format('drop view %s', c.oid::regclass) as drop_sql,
       format('create view %s%s as %s', c.oid::regclass, ' with (' || nullif(array_to_string(c.reloptions, ', '), '') || ')', pg_get_viewdef(c.oid)) as create_sql
from pg_class c join crossfade.backfill b on b.migration = $2
where c.relnamespace = to_regnamespace(quote_ident($1)) and c.relkind = 'v' and (b.target = c.relname or $3::boolean)
group by c.oid
