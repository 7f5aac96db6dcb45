-- Triggers and rules of v1's tables that the table which takes the name does not have. $1 as for foreign keys.
with link as (
  select to_regclass(owner)::oid as owner, to_regclass(follower)::oid as follower
  from jsonb_to_recordset($1::jsonb) as l (owner text, follower text, same boolean) where same
)
select format('trigger %I of %s', t.tgname, t.tgrelid::regclass) as object, 'belongs to it' as way, 'said' as handling,
       format('stays with the old table; %s has none of that name', l.follower::regclass) as flip, 'wakes' as rollback, '' as fix, '' as sql, '' as locked, '' as referred
from link l join pg_trigger t on t.tgrelid = l.owner
where not t.tgisinternal and t.tgname <> 'crossfade_fence'
  and not exists (select from pg_trigger v where v.tgrelid = l.follower and v.tgname = t.tgname)
union all
select format('rule %I on %s', r.rulename, l.owner::regclass), 'belongs to it', 'said',
       format('stays with the old table; %s has none of that name', l.follower::regclass), 'is in force', '', '', '', ''
from link l join pg_rewrite r on r.ev_class = l.owner
where not exists (select from pg_rewrite v where v.ev_class = l.follower and v.rulename = r.rulename)
order by 1
