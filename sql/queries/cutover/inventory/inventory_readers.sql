-- What others made over a table, one of its partitions or a sequence that gives its name away and that knows it by its identity: it keeps to
-- the old one. $1 as for foreign keys; $2: schemas of our own; $3: the migration. Of another migration that is under way the whole has to end
-- first. And who publishes those that take the names: what he sends is called otherwise from then on.
with owned as (
  select unnest(crossfade.all_parts(to_regclass(owner))) as relation from jsonb_to_recordset($1::jsonb) as l (owner text) where owner is not null
  union
  select sequence from crossfade.renamed_sequences($1::jsonb)
), taking as (
  select unnest(crossfade.all_parts(to_regclass(follower))) as relation from jsonb_to_recordset($1::jsonb) as l (follower text) where follower is not null
), own_publication as (
  select 'crossfade_' || m.name || suffix as name
  from (select $3::text as name union all select m.name from crossfade.migration m) m cross join (values (''), ('_reverse')) s (suffix)
), row_type as (
  select c.reltype as type, o.relation from owned o join pg_class c on c.oid = o.relation where c.reltype <> 0
  union all
  select t.typarray, o.relation from owned o join pg_class c on c.oid = o.relation join pg_type t on t.oid = c.reltype
), ours as (
  select to_regnamespace(quote_ident(name))::oid as schema from unnest($2::text[]) name
  union all
  -- What a look at the follow rules' selects has made goes with its transaction.
  select pg_my_temp_schema()
), found as (
  select case when r.rulename <> '_RETURN' then 'rule' when c.relkind = 'm' then 'materialized view' else 'view' end as kind,
         case when r.rulename <> '_RETURN' then format('%I on %s', r.rulename, c.oid::regclass) else c.oid::regclass::text end as name,
         c.relnamespace as schema, d.refobjid as relation, 'reads it' as way
  from pg_depend d join pg_rewrite r on r.oid = d.objid join pg_class c on c.oid = r.ev_class
  where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid in (select relation from owned)
    and c.oid not in (select relation from owned)
  union
  select 'policy', format('%I on %s', p.polname, c.oid::regclass), c.relnamespace, d.refobjid, 'reads it'
  from pg_depend d join pg_policy p on p.oid = d.objid join pg_class c on c.oid = p.polrelid
  where d.classid = 'pg_policy'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid in (select relation from owned)
    and c.oid not in (select relation from owned)
  union
  select 'function', d.objid::regprocedure::text, p.pronamespace, d.refobjid, 'its body is bound to it'
  from pg_depend d join pg_proc p on p.oid = d.objid
  where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid in (select relation from owned)
  union
  select 'function', d.objid::regprocedure::text, p.pronamespace, t.relation, 'takes or returns its row type'
  from pg_depend d join pg_proc p on p.oid = d.objid join row_type t on t.type = d.refobjid
  where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_type'::regclass
  union
  select 'domain', t.oid::regtype::text, t.typnamespace, d.refobjid, 'has it in its default'
  from pg_depend d join pg_type t on t.oid = d.objid and t.typtype = 'd'
  where d.classid = 'pg_type'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid in (select relation from owned)
  union
  select 'column', format('%s.%I', c.oid::regclass, a.attname), c.relnamespace, t.relation, 'is of its row type'
  from row_type t join pg_attribute a on a.atttypid = t.type and not a.attisdropped join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p', 'm')
  union
  select 'type', c.oid::regclass::text, c.relnamespace, t.relation, 'has its row type in it'
  from row_type t join pg_attribute a on a.atttypid = t.type and not a.attisdropped join pg_class c on c.oid = a.attrelid and c.relkind = 'c'
  union
  -- A constraint trigger may look at another table than its own, and goes with that one without a word.
  select 'trigger', format('%I on %s', t.tgname, c.oid::regclass), c.relnamespace, t.tgconstrrelid, 'refers to it'
  from pg_trigger t join pg_class c on c.oid = t.tgrelid
  where not t.tgisinternal and t.tgconstrrelid in (select relation from owned) and c.oid not in (select relation from owned)
  union
  select 'publication', p.pubname::text, null, r.prrelid, 'publishes it'
  from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
  where r.prrelid in (select relation from owned) and p.pubname not in (select name from own_publication)
), publishing as (
  select p.oid, p.pubname, t.relation from taking t join pg_publication_rel r on r.prrelid = t.relation join pg_publication p on p.oid = r.prpubid
  where p.pubname not in (select name from own_publication)
)
select kind || ' ' || f.name as object, format('%s: %s', way, string_agg(distinct relation::regclass::text, ', ')) as way, 'block' as handling,
       case when bool_and(s.relkind = 'S') then 'keeps to the old sequence, from which nothing is drawn any more' else 'keeps to the old table, which is kept true until complete' end as flip,
       format('nothing: it never left that %s', case when bool_and(s.relkind = 'S') then 'sequence' else 'table' end) as rollback,
       case when busy.name is not null then format('crossfade complete, or crossfade cancel, of migration %s first: it reads the old table; begin it anew over the new tables after the move', busy.name)
            when kind = 'publication' then 'let its subscribers take the new tables before the move, or take the table out of it'
            else format('drop %s %s, and make it over the new %s after the move', kind, f.name, case when bool_and(s.relkind = 'S') then 'sequences' else 'tables' end) end as fix,
       '' as sql, '' as locked, '' as referred
from found f join pg_class s on s.oid = f.relation
left join lateral (
  select m.name from crossfade.migration m join pg_namespace n on n.oid = f.schema
  where m.phase <> 'completed' and (n.nspname = m.mapping_schema or n.nspname = any (m.made_schemas)) limit 1
) busy on true
where not exists (select from ours where ours.schema = f.schema)
  and not exists (select from pg_depend e where e.deptype = 'e' and kind = 'view' and e.classid = 'pg_class'::regclass and e.objid::regclass::text = f.name)
group by kind, f.name, way, busy.name
union all
select format('publication %s', pubname), format('publishes it: %s', string_agg(distinct relation::regclass::text, ', ')), 'block',
       'goes on under its new name, which its subscribers take for another table', 'goes on under its former name',
       'let its subscribers take it by the new name after the move: make the table there too, and alter subscription ... refresh publication', '', '', ''
from publishing p
-- One that publishes the old tables by name too is in the way by those.
where not exists (select from found f where f.kind = 'publication' and f.name = p.pubname)
group by pubname
order by 1
