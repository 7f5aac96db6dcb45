insert into crossfade.checkpoint (migration, system_identifier, timeline, slot, slot_created_lsn, settled_lsn, consistent_lsn)
values ($1, $2, $3::int, $4, $5::pg_lsn, $5::pg_lsn, '0/0')
on conflict (migration) do update
set system_identifier = excluded.system_identifier, timeline = excluded.timeline, slot = excluded.slot,
    slot_created_lsn = excluded.slot_created_lsn, settled_lsn = excluded.settled_lsn, consistent_lsn = excluded.consistent_lsn,
    readable_lsn = '0/0', readable_but = '{}'
