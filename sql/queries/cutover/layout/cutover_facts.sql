-- What the blockers of a flip are judged by, in one row. A verification that found something stands until a clean one of all
-- targets, also of one from before what the views read changed; what was verified before the direction turned, or before what the views read changed, says nothing about the new one. Waiting keys are counted up to ten
-- thousand, because a look must stay cheap however many there are; beyond that the ids, which are taken off in their order, say it.
select m.phase, m.paused_since is not null as paused,
       exists (select from crossfade.leader l where l.migration = m.name and l.renewed_at > clock_timestamp() - interval '10 seconds'
        and exists (select from pg_stat_activity a where a.pid = l.pid and coalesce(a.backend_start, l.backend_start) = l.backend_start)) as leader,
       t.holder as trying, t.message as trying_message, t.advice as trying_advice,
       case when waiting.counted <= 10000 then waiting.counted
            else (select max(d.id) - min(d.id) + 1 from crossfade.dirty d where d.migration = m.name) end as dirty,
       (select count(*) from crossfade.quarantine q where q.migration = m.name and q.accepted_by is null) as quarantined,
       coalesce((select string_agg(format('%s: %s', p.target, p.message), '; ' order by p.target) from crossfade.parked p where p.migration = m.name), '') as parked,
       extract(epoch from clock_timestamp() - clean.ended_at) as verified_seconds_ago,
       (select v.drifted_rows from crossfade.verification v
        where v.migration = m.name and v.drifted_rows > 0 and v.started_at >= m.turned_at
          and v.id > coalesce((select max(c.id) from crossfade.verification c where c.migration = m.name and c.whole and c.drifted_rows = 0), 0)
        order by v.id desc limit 1) as drifted,
       (select sum(a.unaccounted_rows) from crossfade.account a where a.migration = m.name) as unaccounted,
       (select count(*) from crossfade.deferred d where d.migration = m.name and d.stage < 3 and not d.built) as unbuilt,
       coalesce((select string_agg(format('%s of %s: %s', l.name, l.target, l.because), '; ' order by l.target, l.name) from crossfade.left_open l where l.migration = m.name), '') as left_open,
       unvalidated.first as validate, unvalidated.number as unvalidated,
       (select array_to_string(c.readable_but, ', ') from crossfade.checkpoint c where c.migration = m.name and c.readable_lsn > c.consistent_lsn) as behind,
       pg_current_wal_insert_lsn() as end_of_wal, m.direction = 'reverse' as on_v2
from crossfade.migration m
left join lateral (
  select v.id, v.ended_at from crossfade.verification v
  where v.migration = m.name and v.whole and v.drifted_rows = 0 and v.started_at >= m.turned_at
    and v.started_at >= all (select s.changed_at from crossfade.shape s where s.migration = m.name and s.direction = m.direction
                             union all select o.changed_at from crossfade.other_server o where o.migration = m.name)
  order by v.id desc limit 1
) clean on true
cross join lateral (
  select min(format('alter table %s validate constraint %I', k.conrelid::regclass, k.conname)) as first, count(*) as number
  from pg_constraint k
  -- Of a key to a partitioned table the server marks the pieces before PostgreSQL 18 never; from 18 on there are some that are not to be.
  where k.connamespace = to_regnamespace(quote_ident(m.shadow_schema)) and not k.convalidated and k.conparentid = 0
    and to_jsonb(k) ->> 'conenforced' is distinct from 'false'
) unvalidated
cross join lateral (
  select count(*) as counted from (select from crossfade.dirty d where d.migration = m.name limit 10001) first
) waiting
left join crossfade.trying t on t.migration = m.name and t.tried_at > clock_timestamp() - interval '30 seconds'
where m.name = $1
