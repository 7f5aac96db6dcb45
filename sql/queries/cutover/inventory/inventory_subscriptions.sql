-- Subscriptions that feed a table which gives its name away, or one of v2's by the schema that it leaves. What comes is written to the table that has
-- the name by then, and only where that is the one that the subscription knows. $1 as for foreign keys.
with owned as (
  select to_regclass(owner) as relation, coalesce(bool_or(same), false) as has_namesake, true as owned
  from jsonb_to_recordset($1::jsonb) as l (owner text, same boolean) where owner is not null group by 1
  union all
  select distinct to_regclass(follower), false, false from jsonb_to_recordset($1::jsonb) as l (follower text) where follower is not null
), fed as (
  select distinct s.subname, o.relation, o.has_namesake, o.owned
  from owned o cross join lateral crossfade.with_partitions(o.relation) p (relation)
  join pg_subscription_rel r on r.srrelid = p.relation join pg_stat_subscription s on s.subid = r.srsubid
)
select format('subscription %I', subname) as object, 'feeds ' || string_agg(relation::text, ', ' order by relation::text) as way, 'block' as handling,
       concat_ws('; ', max('loses what comes for it without a word: another table has the name, which it does not feed') filter (where owned and has_namesake),
                 max('stops: it finds no table by that name') filter (where owned and not has_namesake),
                 max('finds no table by that name any more: it has left the schema') filter (where not owned)) as flip,
       'feeds it again, without what came meanwhile' as rollback,
       format('take the table out of what is published there, and then: alter subscription %I refresh publication; feed the new tables after the move, in their shape', subname) as fix,
       '' as sql, '' as locked, '' as referred
from fed
group by subname
order by 1
