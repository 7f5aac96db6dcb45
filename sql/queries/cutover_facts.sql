-- What the blockers of a flip of reads are judged by, in one row.
select m.phase, coalesce(extract(epoch from clock_timestamp() - c.settled_at), 1e9),
       (select count(*) from crossfade.quarantine q where q.migration = m.name and q.accepted_by is null),
       v.drifted_rows, coalesce(extract(epoch from clock_timestamp() - v.ended_at), 0),
       (select sum(a.unaccounted_rows) from crossfade.account a where a.migration = m.name),
       exists (select from crossfade.leader l where l.migration = m.name and l.renewed_at > clock_timestamp() - interval '10 seconds'),
       (select count(*) from pg_constraint k where k.connamespace = to_regnamespace(quote_ident(m.shadow_schema)) and not k.convalidated)
from crossfade.migration m
left join crossfade.checkpoint c on c.migration = m.name
left join lateral (
  select drifted_rows - repaired_rows as drifted_rows, ended_at from crossfade.verification v
  where v.migration = m.name and v.whole order by v.id desc limit 1
) v on true
where m.name = $1
