-- What names in a text a table or sequence that gives its name away, or v2's by the schema that it leaves: functions, arguments of triggers,
-- defaults that look a sequence up. The server keeps no account of those. $1 as for foreign keys; $2: schemas of our own; $3: the shadow
-- schema. What rests with the trigger of the old table that calls it is no obstacle.
with owned as (
  select to_regclass(owner)::oid as relation, coalesce(bool_or(same), false) as has_namesake
  from jsonb_to_recordset($1::jsonb) as l (owner text, same boolean) where owner is not null group by 1
), followers as (
  select distinct to_regclass(follower)::oid as relation from jsonb_to_recordset($1::jsonb) as l (follower text) where follower is not null
), concerned as (
  select relation, true as owned, has_namesake from owned
  union all
  select relation, false, false from followers
  union all
  select sequence, true, namesake is not null from crossfade.renamed_sequences($1::jsonb)
  union all
  select s.oid, false, false from crossfade.pieces(array(select relation::regclass from followers)) p (relation) join pg_class s on s.oid = p.relation and s.relkind = 'S'
), named as (
  select o.relation, o.owned, o.has_namesake, c.relkind = 'S' as draws, lower(c.relname) as plain, regexp_replace(n.nspname, '(\W)', '\\\1', 'g') as schema, regexp_replace(c.relname, '(\W)', '\\\1', 'g') as name
  from concerned o join pg_class c on c.oid = o.relation join pg_namespace n on n.oid = c.relnamespace
), pattern as materialized (
  select relation, owned, has_namesake, draws, plain,
         format('(\m"?%1$s"?\s*\.\s*"?%2$s"?(?![\w$"]))', schema, name)
         || case when not owned then ''
                 -- A function is given its name as a text.
                 when draws then format('|([''$]"?%1$s"?[''$])|(\m(from|join|sequence)\s+"?%1$s"?(?![\w$"]))', name)
                 else format('|(\m(from|join|into|update|table|only|using|references|truncate|lock|copy|analyze|vacuum|cluster)\s+"?%1$s"?(?![\w$"]))'
                                        -- One of several, as far as the list of tables goes.
                                        '|(\mfrom\s((?!\m(where|group|having|order|limit|offset|fetch|window|union|except|intersect|returning|loop|for|select|set)\M)([^;()]|\([^()]*\)))*,\s*(only\s+)?"?%1$s"?(?![\w$"]))'
                                        '|(\m(lock|truncate|analyze|vacuum)\s[\w\s".,]*,\s*"?%1$s"?(?![\w$"]))'
                                        '|(\m"?%1$s"?(\s*\.\s*"?\w+"?)?\s*%%\s*(row)?type\M)|(''"?%1$s"?''::(pg_catalog\.)?regclass)', name) end as pattern
  from named
), text as materialized (
  select 'function ' || p.oid::regprocedure as object, case when p.prorettype = 'trigger'::regtype then p.oid end as trigger, n.nspname = $3 as of_v2,
         -- Without its comments, with its strings, which may be statements. One expression with an alternative in it is greedy as a whole.
         regexp_replace(p.prosrc, '(''[^'']*'')|--[^\n]*|/\*([^*]|\*+[^*/])*\*+/', '\1 ', 'g') as body
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
  where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname <> all ($2::text[])
    and l.lanname not in ('c', 'internal') and p.prosqlbody is null
    and not exists (select from pg_depend e where e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e')
  union all
  select format('trigger %I of %s', t.tgname, t.tgrelid::regclass), null, false, substring(pg_get_triggerdef(t.oid) from ' EXECUTE (.*)$')
  from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
  where not t.tgisinternal and t.tgparentid = 0 and t.tgnargs > 0 and t.tgname <> 'crossfade_fence' and t.tgrelid not in (select relation from owned) and n.nspname <> all ($2::text[])
  union all
  -- Which look it up at each row, by the cast of a text. One that is bound to it keeps to it.
  select format('default of %s.%I', f.adrelid::regclass, a.attname), null, false, regexp_replace(pg_get_expr(f.adbin, f.adrelid), '''[^'']*''::regclass', '', 'g')
  from pg_attrdef f join pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum
  where f.adbin::text like '%:funcid ' || 'regclass(text)'::regprocedure::oid || ' %'
    and f.adrelid not in (select p.relation from crossfade.pieces(array(select o.relation::regclass from owned o)) p (relation))
), found as (
  select t.object, t.of_v2, string_agg(distinct case when n.draws then 'sequence ' else '' end || n.relation::regclass, ', ') as pieces,
         string_agg(distinct case when n.draws then 'sequence ' else '' end || n.relation::regclass, ', ') filter (where not n.has_namesake) as gone,
         concat_ws(' and no ', max('table') filter (where not n.has_namesake and not n.draws), max('sequence') filter (where not n.has_namesake and n.draws)) as lost,
         coalesce(bool_or(n.has_namesake and not n.draws), false) as meets, bool_and(n.draws) as draws,
         t.trigger is not null
           and exists (select from pg_trigger g where g.tgfoid = t.trigger and g.tgrelid in (select relation from owned))
           and not exists (select from pg_trigger g where g.tgfoid = t.trigger and g.tgrelid not in (select relation from owned)) as rests
  -- Most have none of the names in them.
  from text t join pattern n on case when strpos(lower(t.body), n.plain) > 0 then t.body ~* n.pattern else false end
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
       case when draws then 'meets the old sequence again' when of_v2 and not rests then 'finds the table again' else 'meets the old table again' end as rollback,
       case when rests or gone is null and not meets then ''
            when of_v2 then format('name the %s without its schema, or set search_path of %s', lost, substr(object, length('function ') + 1))
            when not starts_with(object, 'function ') then format('make %s anew right after the move', object)
            when gone is null then format('see that %s works with either table, or replace it right after the move', substr(object, length('function ') + 1))
            else format('replace %s right after the move', substr(object, length('function ') + 1)) end as fix,
       '' as sql, '' as locked, '' as referred
from found
order by 1
