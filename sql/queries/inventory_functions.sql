-- Functions whose text names a table that gives its name away, or v2's by the schema that it leaves: the server keeps no account of
-- those. $1 as for foreign keys; $2: schemas of our own; $3: the shadow schema. What rests with the trigger of the old table that
-- calls it is no obstacle.
with owned as (
  select to_regclass(owner)::oid as relation, coalesce(bool_or(same), false) as has_namesake
  from jsonb_to_recordset($1::jsonb) as l (owner text, same boolean) where owner is not null group by 1
), followers as (
  select distinct to_regclass(follower)::oid as relation from jsonb_to_recordset($1::jsonb) as l (follower text) where follower is not null
), named as (
  select o.relation, true as owned, o.has_namesake, regexp_replace(n.nspname, '(\W)', '\\\1', 'g') as schema, regexp_replace(c.relname, '(\W)', '\\\1', 'g') as name
  from owned o join pg_class c on c.oid = o.relation join pg_namespace n on n.oid = c.relnamespace
  union all
  select f.relation, false, false, regexp_replace(n.nspname, '(\W)', '\\\1', 'g'), regexp_replace(c.relname, '(\W)', '\\\1', 'g')
  from followers f join pg_class c on c.oid = f.relation join pg_namespace n on n.oid = c.relnamespace
), pattern as (
  select relation, owned, has_namesake,
         format('(\m"?%1$s"?\s*\.\s*"?%2$s"?(?![\w$"]))', schema, name)
         || case when owned then format('|(\m(from|join|into|update|table|only|using|references|truncate|lock|copy|analyze|vacuum|cluster)\s+"?%1$s"?(?![\w$"]))'
                                        -- One of several, as far as the list of tables goes.
                                        '|(\mfrom\s((?!\m(where|group|having|order|limit|offset|fetch|window|union|except|intersect|returning|loop|for|select|set)\M)([^;()]|\([^()]*\)))*,\s*(only\s+)?"?%1$s"?(?![\w$"]))'
                                        '|(\m(lock|truncate|analyze|vacuum)\s[\w\s".,]*,\s*"?%1$s"?(?![\w$"]))'
                                        '|(\m"?%1$s"?(\s*\.\s*"?\w+"?)?\s*%%\s*(row)?type\M)|(''"?%1$s"?''::(pg_catalog\.)?regclass)', name)
            else '' end as pattern
  from named
), text as (
  select p.oid, p.prorettype, n.nspname,
         -- Without its comments, with its strings, which may be statements. One expression with an alternative in it is greedy as a whole.
         regexp_replace(p.prosrc, '(''[^'']*'')|--[^\n]*|/\*([^*]|\*+[^*/])*\*+/', '\1 ', 'g') as body
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
  where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname <> all ($2::text[])
    and l.lanname not in ('c', 'internal') and p.prosqlbody is null
    and not exists (select from pg_depend e where e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e')
), found as (
  select t.oid, t.nspname = $3 as of_v2, string_agg(distinct n.relation::regclass::text, ', ') as tables,
         string_agg(distinct n.relation::regclass::text, ', ') filter (where not n.has_namesake) as gone, bool_or(n.has_namesake) as meets,
         t.prorettype = 'trigger'::regtype
           and exists (select from pg_trigger g where g.tgfoid = t.oid and g.tgrelid in (select relation from owned))
           and not exists (select from pg_trigger g where g.tgfoid = t.oid and g.tgrelid not in (select relation from owned)) as rests
  from text t join pattern n on t.body ~* n.pattern
  where case when t.nspname = $3 then not n.owned else true end
  group by t.oid, t.nspname, t.prorettype
)
select 'function ' || oid::regprocedure as object, 'its text names ' || tables as way,
       case when rests then 'said' else 'block' end as handling,
       case when rests then 'is called by a trigger of the old table alone, which rests'
            when of_v2 then 'finds no table any more: it has left the schema'
            when gone is null then 'meets another table by that name, with other columns'
            when meets then 'meets another table by that name, with other columns, and none by that of ' || gone
            else 'finds no table by that name' end as flip,
       case when of_v2 and not rests then 'finds the table again' else 'meets the old table again' end as rollback,
       case when rests then ''
            when of_v2 then format('name the table without its schema, or set search_path of %s', oid::regprocedure)
            when gone is null then format('see that %s works with either table, or replace it right after the move', oid::regprocedure)
            else format('replace %s right after the move', oid::regprocedure) end as fix,
       '' as sql, '' as locked, '' as referred
from found
order by 1
