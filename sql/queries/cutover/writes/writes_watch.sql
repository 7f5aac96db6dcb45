-- What the hold waits for, and what must not have changed when it is over. $5: what is in quarantine is set aside with its rows.
select c.consistent_lsn >= coalesce($2::pg_lsn, '0/0') as drained, l.epoch,
       not exists (select from crossfade.dirty d where d.migration = m.name)
       and ($5::boolean or not exists (select from crossfade.quarantine q where q.migration = m.name and q.accepted_by is null))
       and m.phase = 'following' and m.paused_since is null as intact,
       m.direction = $3 as owns, exists (select from pg_replication_slots where slot_name = $4 and database = current_database()) as old_slot
from crossfade.migration m
join crossfade.checkpoint c on c.migration = m.name
join crossfade.lease l on l.migration = m.name
where m.name = $1
