-- Views of schema $1 that read a table or a column of v1 that is called otherwise than when the edition in force of migration $2 was
-- entered, as statements that create them as they are now.
select c.relname,
       format('create view %s%s as%s', c.oid::regclass, ' with (' || nullif(array_to_string(c.reloptions, ', '), '') || ')', e'\n' || rtrim(pg_get_viewdef(c.oid), ';')) as create_sql
from pg_class c
where c.relnamespace = to_regnamespace(quote_ident($1)) and c.relkind = 'v'
  and exists (
    select from pg_rewrite v
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = v.oid and d.refclassid = 'pg_class'::regclass
    join crossfade.source_column k on k.migration = $2 and k.relation = d.refobjid
    join pg_class t on t.oid = k.relation
    join pg_namespace n on n.oid = t.relnamespace
    left join pg_attribute a on a.attrelid = k.relation and a.attnum = k.attnum and not a.attisdropped
    where v.ev_class = c.oid and ((k.schema_name, k.table_name) <> (n.nspname, t.relname) or (d.refobjsubid = k.attnum and a.attname <> k.name)))
order by 1
