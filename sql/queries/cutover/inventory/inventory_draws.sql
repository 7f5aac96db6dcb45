-- Defaults outside that draw from a sequence which loses its name with a table: one circle of numbers, which stays one where they draw from
-- the sequence that gives those numbers afterwards. $1 as for foreign keys; $2: pairs of columns, as for sequences.
with sequence as materialized (
  select * from crossfade.column_sequence
), link as (
  select to_regclass(owner) as owner, to_regclass(follower) as follower from jsonb_to_recordset($1::jsonb) as l (owner text, follower text)
), owned as materialized (
  select p.relation from crossfade.pieces(array(select distinct owner from link where owner is not null)) p (relation)
), followers as materialized (
  select p.relation from crossfade.pieces(array(select distinct follower from link where follower is not null)) p (relation)
), next as (
  select o.seqrelid as old, min(s.seqrelid) filter (where s.seqrelid <> o.seqrelid) as new, count(distinct s.seqrelid) as several, bool_or(s.seqrelid = o.seqrelid) as stays,
         string_agg(distinct s.seqrelid::regclass::text, ', ') as names, min(o.seqincrement) as step, min(s.seqincrement) as next_step
  from crossfade.sequence_pairs($2::jsonb) p
  join sequence o on o.relation = p.other and o.name = p.other_column
  join sequence s on s.relation = p.own and s.name = p.own_column
  group by o.seqrelid
), drawing as (
  select f.oid, c.oid as relation, c.relname, s.nspname, a.attname, a.attnum, o.sequence as old, n.new, n.several, n.names, coalesce(n.stays, false) as stays, n.step, n.next_step,
         c.oid in (select relation from followers) as of_v2, c.relkind, c.relpersistence, c.relowner,
         exists (select from pg_depend i where i.classid = 'pg_class'::regclass and i.objid = o.sequence and i.refclassid = 'pg_class'::regclass and i.deptype = 'i') as identity,
         strpos(pg_get_expr(f.adbin, f.adrelid), quote_literal(o.sequence::regclass) || '::regclass') > 0 as plain
  from crossfade.renamed_sequences($1::jsonb) o
  join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = o.sequence and d.deptype = 'n'
  join pg_attrdef f on f.oid = d.objid join pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum
  join pg_class c on c.oid = f.adrelid join pg_namespace s on s.oid = c.relnamespace
  left join next n on n.old = o.sequence
  where c.oid not in (select relation from owned)
), judged as (
  select d.*, d.of_v2 or d.relpersistence = 't' or d.stays and d.several = 1 as goes_on, case
    when d.new is null then 'nothing gives the numbers in its place'
    when d.several > 1 then format('several give the numbers then: %s', d.names)
    when d.step <> d.next_step then format('%s counts in other steps', d.names)
    when d.relkind not in ('r', 'p') then format('%s cannot be locked with the tables', d.relation::regclass)
    when not d.plain then 'its expression cannot be made anew'
    when not pg_has_role(d.relowner, 'USAGE') then format('%s belongs to %s: grant that role to %s', d.relation::regclass, pg_get_userbyid(d.relowner), current_user)
  end as hindrance
  from drawing d
)
select format('default of %s.%I', relation::regclass, attname) as object, format('draws from sequence %s', old::regclass) as way,
       case when goes_on then 'said' when hindrance is null then 'carry' else 'block' end as handling,
       case when goes_on then 'goes on drawing from it'
            when hindrance is null then format('draws from the sequence that gives the new table its numbers: %s', names)
            else format('goes on drawing from it, and cannot follow: %s', hindrance) end as flip,
       case when not goes_on and hindrance is null then 'draws from the old sequence again' else 'goes on drawing from it' end as rollback,
       case when goes_on or hindrance is null then ''
            when new is null and not identity then format('alter sequence %s owned by none;  -- so that it stays as it is, whatever becomes of the old table', old::regclass)
            else format('alter table %s alter column %I set default nextval(...) of a sequence of its own', relation::regclass, attname) end as fix,
       case when not goes_on and hindrance is null then format('select crossfade.draw_from(%s, %s, %s, %s)', relation::oid, attnum, old::oid, new::oid) else '' end as sql,
       case when not goes_on and hindrance is null then array[nspname, relname]::text[]::text else '' end as locked, '' as referred
from judged
order by 1
