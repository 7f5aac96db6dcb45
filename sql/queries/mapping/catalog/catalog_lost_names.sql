-- Functions in whose bodies something is named that is not the server's own, by a name without its schema, and that have no
-- search_path: of those that each of the views $1 uses, through the views between, and by which its table, in $2 at the same place,
-- computes or checks its rows; and those that they may call. With some of the names, and the search_path that a session of ours begins with.
with recursive asked as (
  select * from unnest($1::oid[], $2::oid[]) of (view, own_table)
), reached as (
  select asked.view as reader, asked.view as relation from asked
  union
  select r.reader, d.refobjid
  from reached r
  join pg_rewrite v on v.ev_class = r.relation and v.rulename = '_RETURN'
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = v.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.relation
), typed as (
  select asked.view as reader, a.atttypid as type
  from asked join pg_attribute a on a.attrelid in (asked.view, asked.own_table) and a.attnum > 0 and not a.attisdropped
  union
  select typed.reader, y.typbasetype from typed join pg_type y on y.oid = typed.type where y.typbasetype <> 0
), user_of as (
  select reached.reader, 'pg_rewrite'::regclass as catalog, r.oid
  from reached join pg_rewrite r on r.ev_class = reached.relation and r.rulename = '_RETURN'
  union all
  select asked.view, 'pg_constraint'::regclass, c.oid from asked join pg_constraint c on c.conrelid = asked.own_table
  union all
  select typed.reader, 'pg_constraint'::regclass, c.oid from typed join pg_constraint c on c.contypid = typed.type
  union all
  select asked.view, 'pg_attrdef'::regclass, f.oid from asked join pg_attrdef f on f.adrelid = asked.own_table
  union all
  select asked.view, 'pg_class'::regclass, i.indexrelid from asked join pg_index i on i.indrelid = asked.own_table
), own as (
  select p.oid, p.proname::text as name, p.proargtypes::oid[] as arguments,
         p.prosqlbody is null and not exists (select from unnest(p.proconfig) setting where setting like 'search_path=%') as searches,
         unquoted.body, lower(unquoted.body) as folded
  from pg_proc p
  join pg_language l on l.oid = p.prolang and l.lanname not in ('c', 'internal')
  join pg_namespace n on n.oid = p.pronamespace and n.nspname not in ('pg_catalog', 'information_schema', 'crossfade')
  cross join lateral (select regexp_replace(p.prosrc, '''[^'']*''', '''''', 'g') as body offset 0) unquoted
), called as (
  select u.reader, coalesce(o.oprcode::oid, d.refobjid) as function
  from user_of u
  join pg_depend d on d.classid = u.catalog and d.objid = u.oid and d.refclassid in ('pg_proc'::regclass, 'pg_operator'::regclass)
  left join pg_operator o on d.refclassid = 'pg_operator'::regclass and o.oid = d.refobjid
  union
  select c.reader, i.oid
  from called c
  join own on own.oid = c.function
  join own i on i.oid <> own.oid and strpos(own.folded, lower(i.name)) > 0 and own.body ~* ('\m' || regexp_replace(i.name, '\W', '.', 'g') || '\M')
), caller as materialized (
  -- Few, mostly none; to look for names in every function, only to ask afterwards which are called, takes half a second a view.
  select own.* from own where own.searches and own.oid in (select function from called)
), foreign_name as (
  select p.oid, p.proname::text as name from pg_proc p
  where p.pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) and p.prorettype <> 'trigger'::regtype
  union all
  select c.oid, c.relname::text from pg_class c
  where c.relkind in ('r', 'v', 'p', 'm', 'f') and c.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
  union all
  select y.oid, y.typname::text from pg_type y
  where y.typtype in ('b', 'd', 'e', 'r') and y.typcategory <> 'A' and y.typnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
), named as (
  select caller.oid, other.name
  from caller
  -- Not behind a schema's dot, and not as part of a word; what stands nowhere in it is seen for less than a regular expression costs.
  join foreign_name other on other.oid <> caller.oid and strpos(caller.folded, lower(other.name)) > 0 and caller.body ~* ('(^|[^\w.])"?' || regexp_replace(other.name, '\W', '.', 'g') || '"?(\W|$)')
  union
  -- Operators of the types that the function is given, or that the server does not have at all.
  select caller.oid, 'operator ' || o.oprname
  from caller
  join pg_operator o on o.oprnamespace <> 'pg_catalog'::regnamespace and strpos(regexp_replace(caller.body, ':=|=>', '', 'g'), o.oprname) > 0
  where o.oprleft = any (caller.arguments) or o.oprright = any (caller.arguments) or o.oprleft = 'text'::regtype
)
select called.reader, lost.function, lost.names as lost_names,
       coalesce((select nullif(s.reset_val, '') from pg_settings s where s.name = 'search_path'), '""') as search_path
from (
  select n.oid, n.oid::regprocedure::text as function, string_agg(n.name, ', ' order by n.name) filter (where n.place <= 3) as names
  from (select named.*, row_number() over (partition by named.oid order by named.name) as place from named) n
  group by n.oid
) lost
join called on called.function = lost.oid
order by 1, 2
