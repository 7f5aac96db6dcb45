-- Triggers and rules of v1's tables, and of their partitions by themselves, that the table which takes the name does not have, or that none takes
-- the name of. $1 as for foreign keys.
with owned as (
  select to_regclass(owner)::oid as owner, max(to_regclass(follower)::oid::int8) filter (where same)::oid as follower
  from jsonb_to_recordset($1::jsonb) as l (owner text, follower text, same boolean) where owner is not null group by 1
), piece as (
  select o.owner, o.follower, p.relation, case when o.follower is null then 'no table of v2 has its name' else format('%s has none of that name', o.follower::regclass) end as lacks
  from owned o cross join lateral unnest(crossfade.all_parts(o.owner::regclass)) p (relation)
)
select format('trigger %I of %s', t.tgname, t.tgrelid::regclass) as object, 'belongs to it' as way, 'said' as handling,
       format('stays with the old table; %s', l.lacks) as flip, 'wakes' as rollback, '' as fix, '' as sql, '' as locked, '' as referred
from piece l join pg_trigger t on t.tgrelid = l.relation
where not t.tgisinternal and t.tgparentid = 0 and t.tgname <> 'crossfade_fence'
  and not exists (select from pg_trigger v where v.tgrelid = any (crossfade.all_parts(l.follower::regclass)) and v.tgname = t.tgname)
union all
select format('rule %I on %s', r.rulename, l.relation::regclass), 'belongs to it', 'said',
       format('stays with the old table; %s', l.lacks), 'is in force', '', '', '', ''
from piece l join pg_rewrite r on r.ev_class = l.relation
where not exists (select from pg_rewrite v where v.ev_class = any (crossfade.all_parts(l.follower::regclass)) and v.rulename = r.rulename)
order by 1
