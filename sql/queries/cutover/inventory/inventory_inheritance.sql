-- Tables outside that show a table which gives its name away: it inherits from them, or is a partition of theirs. They go on showing the old one.
-- $1 as for foreign keys.
with link as (
  select to_regclass(owner)::oid as owner, to_regclass(follower)::oid as follower, after, coalesce(same, false) as same
  from jsonb_to_recordset($1::jsonb) as l (owner text, follower text, after text, same boolean)
), shown as (
  select distinct i.inhrelid as child, i.inhparent as parent, c.relispartition as part
  from link l join pg_inherits i on i.inhrelid = l.owner join pg_class c on c.oid = i.inhrelid
  where i.inhparent not in (select owner from link where owner is not null)
), judged as (
  select s.*, n.after, exists (select from link l join pg_inherits v on v.inhrelid = l.follower where l.owner = s.child and v.inhparent = s.parent) as both_shown
  from shown s left join lateral (select min(l.after) as after from link l where l.owner = s.child and l.same) n on true
)
select format('inheritance of %s from %s', child::regclass, parent::regclass) as object,
       case when part then 'is a partition of it' else 'its rows are shown there' end as way, case when both_shown then 'said' else 'block' end as handling,
       case when both_shown then format('%s shows the rows of both tables, until the old one inherits no more; what is written through it changes both, past the fence', parent::regclass)
            else format('%s goes on showing the old table, which is kept true until complete; what is written through it goes there, past the fence', parent::regclass) end as flip,
       'nothing: it never left that table' as rollback,
       case when both_shown then ''
            when part then format('alter table %s detach partition %s', parent::regclass, child::regclass)
            else format('alter table %s no inherit %s;', child::regclass, parent::regclass)
                 || coalesce('  -- and after the move: alter table ' || array_to_string(parse_ident(after), '.') || ' inherit ' || parent::regclass, '') end as fix,
       '' as sql, '' as locked, '' as referred
from judged
order by 1
