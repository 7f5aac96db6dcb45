-- What names in a text a table or sequence that gives its name away, or v2's by the schema that it leaves: functions, arguments of triggers,
-- defaults that look a sequence up; and types and sequences of the shadow schema, which go along. The server keeps no account of those. $1 as for
-- foreign keys; $2: schemas of our own; $3: the shadow schema. What rests with the trigger of the old table that calls it is no obstacle.
with owned as (
  select to_regclass(owner)::oid as relation, coalesce(bool_or(same), false) as has_namesake, max(to_regclass(follower)::oid::int8) filter (where same) as namesake
  from jsonb_to_recordset($1::jsonb) as l (owner text, follower text, same boolean) where owner is not null group by 1
), followers as (
  select distinct to_regclass(follower)::oid as relation from jsonb_to_recordset($1::jsonb) as l (follower text) where follower is not null
), place as (
  select distinct quote_ident((parse_ident(after))[1]) as schema from jsonb_to_recordset($1::jsonb) as l (after text) where after is not null
), leaf as (
  -- A partition gives its name away with its table, and one of v2's may take it.
  select p.relation::oid as relation, exists (select from followers f cross join lateral crossfade.with_partitions(f.relation::regclass) v (relation) join pg_class t on t.oid = v.relation
                                         join pg_class c on c.oid = p.relation where t.relname = c.relname) as has_namesake
  from owned o cross join lateral crossfade.with_partitions(o.relation::regclass) p (relation) where p.relation <> o.relation
), concerned as (
  select relation, true as owned, has_namesake, 'table' as kind from owned
  union all
  select relation, true, has_namesake, 'table' from leaf
  union all
  select relation, false, false, 'table' from followers
  union all
  select p.relation, false, false, 'table' from followers f cross join lateral crossfade.with_partitions(f.relation::regclass) p (relation) where p.relation <> f.relation
  union all
  select sequence, true, namesake is not null, 'sequence' from crossfade.renamed_sequences($1::jsonb)
  union all
  select s.oid, false, false, 'sequence' from crossfade.pieces(array(select relation::regclass from followers)) p (relation) join pg_class s on s.oid = p.relation and s.relkind = 'S'
  union
  -- What stands in the shadow schema beside the tables goes along.
  select s.oid, false, false, 'sequence' from pg_class s where s.relkind = 'S' and s.relnamespace = to_regnamespace(quote_ident($3))
    and not exists (select from place join pg_class o on o.relnamespace = to_regnamespace(place.schema) where o.relname = s.relname)
), named as (
  select o.owned, o.has_namesake, o.kind, case o.kind when 'sequence' then 'sequence ' else '' end || o.relation::regclass as said, c.relname as name, n.nspname as schema
  from concerned o join pg_class c on c.oid = o.relation join pg_namespace n on n.oid = c.relnamespace
  union all
  select false, false, 'type', 'type ' || t.oid::regtype, t.typname, n.nspname
  from pg_type t join pg_namespace n on n.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid
  where n.nspname = $3 and (t.typtype in ('d', 'e', 'r') or c.relkind = 'c') and not exists (select from pg_depend e where e.classid = 'pg_type'::regclass and e.objid = t.oid and e.deptype = 'e')
    and not exists (select from place join pg_type o on o.typnamespace = to_regnamespace(place.schema) where o.typname = t.typname)
), escaped as (
  select owned, has_namesake, kind, said, lower(name) as plain, regexp_replace(schema, '(\W)', '\\\1', 'g') as schema, regexp_replace(name, '(\W)', '\\\1', 'g') as name
  from named
), pattern as materialized (
  select owned, has_namesake, kind, said, plain, format('\m"?%1$s"?\s*\.\s*"?%2$s"?(?![\w$"])', schema, name) as qualified,
         case kind
           when 'type' then format('(::\s*"?%1$s"?(?![\w$"]))', name)
           -- A function is given its name as a text.
           when 'sequence' then format('([''$]"?%1$s"?[''$])|(\m(from|join|sequence)\s+"?%1$s"?(?![\w$"]))', name)
           else format('(\m(from|join|into|update|table|only|using|references|truncate|lock|copy|analyze|vacuum|cluster)\s+"?%1$s"?(?![\w$"]))'
                       -- One of several, as far as the list of tables goes.
                       '|(\mfrom\s((?!\m(where|group|having|order|limit|offset|fetch|window|union|except|intersect|returning|loop|for|select|set)\M)([^;()]|\([^()]*\)))*,\s*(only\s+)?"?%1$s"?(?![\w$"]))'
                       '|(\m(lock|truncate|analyze|vacuum)\s[\w\s".,]*,\s*"?%1$s"?(?![\w$"]))'
                       '|(\m"?%1$s"?(\s*\.\s*"?\w+"?)?\s*%%\s*(row)?type\M)|(''"?%1$s"?''::(pg_catalog\.)?regclass)'
                       -- Its row type, of a variable and of a value.
                       '|(\mdeclare\M((?!\mbegin\M).)*\m\w+\s+(constant\s+)?"?%1$s"?\s*(;|:?=|\mdefault\M|\mnot\M))|(::\s*"?%1$s"?(?![\w$"]))', name) end as bare
  from escaped
), text as materialized (
  select 'function ' || p.oid::regprocedure as object, case when p.prorettype = 'trigger'::regtype then p.oid end as trigger, n.nspname = $3 as of_v2,
         -- Where it looks for names without a schema, if it says so itself: the shadow schema alone, or before the one that v2's tables go to.
         coalesce(strpos(path.schemas, ',' || quote_ident($3) || ',') > 0 and not exists (select from place where strpos(path.schemas, ',' || place.schema || ',') > 0), false) as looks_there,
         coalesce(strpos(path.schemas, ',' || quote_ident($3) || ',') > 0
                    and not exists (select from place where strpos(path.schemas, ',' || place.schema || ',') between 1 and strpos(path.schemas, ',' || quote_ident($3) || ',')), false) as looks_there_first,
         -- Without its comments, with its strings, which may be statements. One expression with an alternative in it is greedy as a whole.
         regexp_replace(p.prosrc, '(''[^'']*'')|--[^\n]*|/\*([^*]|\*+[^*/])*\*+/', '\1 ', 'g') as body
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
  left join lateral (select ',' || regexp_replace(substr(c.setting, length('search_path=') + 1), '\s', '', 'g') || ',' as schemas
                     from unnest(p.proconfig) c (setting) where starts_with(c.setting, 'search_path=')) path on true
  where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname <> all ($2::text[])
    and l.lanname not in ('c', 'internal') and p.prosqlbody is null
    and not exists (select from pg_depend e where e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e')
  union all
  select format('trigger %I of %s', t.tgname, t.tgrelid::regclass), null, false, false, false, substring(pg_get_triggerdef(t.oid) from ' EXECUTE (.*)$')
  from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
  where not t.tgisinternal and t.tgparentid = 0 and t.tgnargs > 0 and t.tgname <> 'crossfade_fence' and t.tgrelid not in (select relation from owned) and n.nspname <> all ($2::text[])
  union all
  -- Which look it up at each row, by the cast of a text. One that is bound to it keeps to it.
  select format('default of %s.%I', f.adrelid::regclass, a.attname), null, false, false, false, regexp_replace(pg_get_expr(f.adbin, f.adrelid), '''[^'']*''::regclass', '', 'g')
  from pg_attrdef f join pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum
  where f.adbin::text like '%:funcid ' || 'regclass(text)'::regprocedure::oid || ' %'
    and f.adrelid not in (select p.relation from crossfade.pieces(array(select o.relation::regclass from owned o)) p (relation))
), found as (
  select t.object, t.of_v2 or bool_and(not n.owned) as of_v2, string_agg(distinct n.said, ', ') as pieces,
         string_agg(distinct n.said, ', ') filter (where not n.has_namesake) as gone,
         concat_ws(' and no ', max('table') filter (where not n.has_namesake and n.kind = 'table'), max('sequence') filter (where not n.has_namesake and n.kind = 'sequence'),
                   max('type') filter (where not n.has_namesake and n.kind = 'type')) as lost,
         coalesce(bool_or(n.has_namesake and n.kind = 'table'), false) as meets, bool_and(n.kind = 'sequence') as draws,
         t.trigger is not null
           and exists (select from pg_trigger g where g.tgfoid = t.trigger and g.tgrelid in (select relation from owned))
           and not exists (select from pg_trigger g where g.tgfoid = t.trigger and g.tgrelid not in (select relation from owned)) as rests
  -- Most have none of the names in them.
  from text t join pattern n on case when strpos(lower(t.body), n.plain) = 0 then false
                                     else t.body ~* n.qualified or case when n.owned then not t.looks_there_first else t.looks_there end and t.body ~* n.bare end
  where case when t.of_v2 then not n.owned else true end
  group by t.object, t.of_v2, t.trigger
)
select object, 'its text names ' || pieces as way,
       case when rests or gone is null and not meets then 'said' else 'block' end as handling,
       case when rests then 'is called by a trigger of the old table alone, which rests'
            when of_v2 then format('finds no %s any more: it has left the schema', lost)
            when gone is null and not meets then 'meets v2''s sequence of that name'
            when gone is null then 'meets another table by that name, with other columns'
            when meets then 'meets another table by that name, with other columns, and none by that of ' || gone
            else format('finds no %s by that name', lost) end as flip,
       case when of_v2 and not rests then 'finds it again' when draws then 'meets the old sequence again' else 'meets the old table again' end as rollback,
       case when rests or gone is null and not meets then ''
            when of_v2 then format('name the %s without its schema, or set search_path of %s', lost, substr(object, length('function ') + 1))
            when not starts_with(object, 'function ') then format('make %s anew right after the move', object)
            when gone is null then format('see that %s works with either table, or replace it right after the move', substr(object, length('function ') + 1))
            else format('replace %s right after the move', substr(object, length('function ') + 1)) end as fix,
       '' as sql, '' as locked, '' as referred
from found
order by 1
