-- Functions that views $1 use, through the views between and as the workings of operators, whose result is not settled by
-- the rows they read. pg_depend leaves out what comes with the server (random, now), so the rules' trees are read. Of functions whose text is
-- there, and of those that it calls, the text, whatever they were declared to be; each of these is named besides, as 'text'.
with recursive reached as (
  select of.view as reader, of.view as relation from unnest($1::oid[]) of (view)
  union
  select r.reader, d.refobjid
  from reached r
  join pg_rewrite v on v.ev_class = r.relation and v.rulename = '_RETURN'
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = v.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.relation
), tree as materialized (
  select v.ev_class as view, v.ev_action::text as text
  from (select distinct relation from reached) r join pg_rewrite v on v.ev_class = r.relation and v.rulename = '_RETURN'
), used as (
  select tree.view, m[1]::oid as function
  from tree, regexp_matches(tree.text, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g') m
  union
  select tree.view, o.oprcode::oid
  from tree, regexp_matches(tree.text, ':opno (\d+)', 'g') m
  join pg_operator o on o.oid = m[1]::oid
), found (view, name, problem) as (
  select used.view, p.oid::regprocedure::text,
         case when p.provolatile = 'v' then 'volatile'
              when n.nspname = 'pg_catalog' and p.proname in ('now', 'transaction_timestamp', 'statement_timestamp', 'age') then 'clock'
              when n.nspname = 'pg_catalog' then 'session'
              else 'opaque' end
  from used
  join pg_proc p on p.oid = used.function
  join pg_namespace n on n.oid = p.pronamespace
  join pg_language l on l.oid = p.prolang
  where p.provolatile = 'v'
     or n.nspname = 'pg_catalog' and (p.proname in ('now', 'transaction_timestamp', 'statement_timestamp')
                                      or p.proname = 'age' and p.pronargs = 1
                                      or p.proname in ('current_setting', 'current_schema', 'current_schemas', 'current_query', 'pg_backend_pid', 'pg_my_temp_schema',
                                                       'inet_client_addr', 'inet_client_port', 'inet_server_addr', 'inet_server_port', 'txid_current_snapshot',
                                                       'pg_current_snapshot', 'txid_current_if_assigned', 'pg_current_xact_id_if_assigned'))
     or n.nspname <> 'pg_catalog' and p.provolatile = 's' and l.lanname not in ('c', 'internal')
  union all
  -- Aggregates that have no order where it matters, and sums of floats, which round at each step.
  select tree.view, p.oid::regprocedure::text, case when aggregate.m[2] = '<>' and (p.proname ~ '_agg$|^xmlagg$' or not own.builtin) then 'order' else 'rounding' end
  from tree
  cross join lateral (
    select m from regexp_matches(tree.text, '\{AGGREF :aggfnoid (\d+?) .*?:aggorder (<>|\()', 'g') m
    union all
    select array[m[1], '('] from regexp_matches(tree.text, '\{WINDOWFUNC :winfnoid (\d+)', 'g') m
  ) aggregate (m)
  join pg_proc p on p.oid = aggregate.m[1]::oid
  cross join lateral (select p.pronamespace = 'pg_catalog'::regnamespace as builtin) own
  -- What one of a user's makes of its rows nobody knows.
  where case when p.proname ~ '_agg$|^xmlagg$' or not own.builtin then aggregate.m[2] = '<>' and p.proname not in ('range_agg', 'range_intersect_agg')
        else p.proname ~ '^(sum|avg|stddev|var|corr|covar|regr)' and p.proargtypes::oid[] && array['float4'::regtype, 'float8'::regtype]::oid[] end
  union all
  select tree.view, 'a limit', 'order' from tree where text ~ ':sortClause <> :limitOffset (<>|\{CONST [^{}]*\}) :limitCount \{'
  union all
  -- Dates as text: by a cast, or by concat, concat_ws, format, ||, array_to_string and quote_literal, which cast what they are given.
  select tree.view, s.reset_val, 'datestyle'
  from pg_settings s
  join tree on tree.text ~ ':vartype (1082|1114|1184) ' and tree.text ~ '\{COERCEVIAIO |:(op)?funcid (3058|3059|3539|2003|2004|384|395|1285) '
  where s.name = 'DateStyle' and s.reset_val not like 'ISO%'
  union all
  select tree.view, 'current_date, current_timestamp or current_user', 'clock' from tree where position('{SQLVALUEFUNCTION ' in tree.text) > 0
  union all
  -- Where a row lies and who has locked it.
  select tree.view, (array['ctid', 'xmin', 'cmin', 'xmax', 'cmax'])[m[1]::int], 'place'
  from tree, regexp_matches(tree.text, '\{VAR :varno \d+ :varattno -([1-5]) ', 'g') m
  union all
  select tree.view, 'tablesample', 'place' from tree where position('{TABLESAMPLECLAUSE ' in tree.text) > 0
  union all
  select tree.view, c.oid::regclass::text, 'catalog'
  from tree, regexp_matches(tree.text, ':relid (\d+) (?::inh \w+ )?:relkind [rvm] ', 'g') m
  join pg_class c on c.oid = m[1]::oid
  where c.relnamespace in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
  union all
  -- Names of objects as text, which have the schema that the search path does not have.
  select tree.view, t.oid::regtype::text, 'path'
  from tree, regexp_matches(tree.text, '\{COERCEVIAIO :arg \{(?:VAR [^{}]*?:vartype|RELABELTYPE :arg \{[^{}]*\} :resulttype|FUNCEXPR :funcid \d+ :funcresulttype) (\d+) ', 'g') m
  join pg_type t on t.oid = m[1]::oid
  where t.oid in ('regclass'::regtype, 'regtype'::regtype, 'regproc'::regtype, 'regprocedure'::regtype, 'regoper'::regtype, 'regoperator'::regtype,
                  'regconfig'::regtype, 'regdictionary'::regtype, 'regcollation'::regtype)
), written as materialized (
  select p.oid, '\m' || regexp_replace(p.proname, '\W', '\\\&', 'g') || '"?\s*\(' as call, l.lanname as language, p.provolatile
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
  where n.nspname not in ('pg_catalog', 'information_schema', 'crossfade') and l.lanname in ('sql', 'plpgsql') and p.prokind = 'f'
), called as (
  select used.view, used.function from used join written w on w.oid = used.function and w.provolatile <> 'v'
  union
  select c.view, i.oid
  from called c
  join pg_proc p on p.oid = c.function
  cross join lateral (select coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) as text offset 0) body
  join written i on i.oid <> c.function and body.text ~* i.call
), asked as (
  select c.view, c.function, w.language, lower(coalesce(m[1], m[2], m[3])) as word
  from called c
  join written w on w.oid = c.function
  join pg_proc p on p.oid = c.function
  -- Without comments and literals.
  cross join lateral (select regexp_replace(coalesce(pg_get_function_sqlbody(p.oid), p.prosrc), '--[^\n]*|/\*(?:[^*]|\*(?!/))*\*/|''(?:[^'']|'''')*''', ' ', 'g') as text) body
  cross join lateral regexp_matches(
    body.text, '(?<![.\w"$])(current_date|current_time|current_timestamp|localtime|localtimestamp|current_user|session_user)\M'
            '|(?<![.\w"$])(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|random|gen_random_uuid|current_setting)\s*\('
            '|(?<![.\w"$])(age)\s*\((?:[^(),]|\([^()]*\))*\)', 'gi') m
)
select distinct reached.reader, found.name, found.problem, null as names
from reached join found on found.view = reached.relation
union all
select reached.reader, asked.function::regprocedure::text, within.problem, string_agg(distinct asked.word, ', ' order by asked.word)
from reached
join asked on asked.view = reached.relation
cross join lateral (
  select case when asked.word in ('current_user', 'session_user', 'current_setting') then 'session within'
              when asked.language = 'sql' then 'clock within' else 'clock perhaps' end as problem
) within
group by reached.reader, asked.function, within.problem
union
select reached.reader, called.function::regprocedure::text, 'text', null from reached join called on called.view = reached.relation
order by 1, 2, 3
