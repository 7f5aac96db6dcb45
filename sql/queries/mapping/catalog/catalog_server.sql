-- What the server and the role we are must allow. $1: our own slots' names; a slot that is ours already needs no
-- free place.
with own as (
  select count(*) as slots, count(*) filter (where active) as active
  from pg_replication_slots where slot_name = any ($1::text[]) and database = current_database()
)
-- From 19 on the level rises by itself once there is a logical slot, unless the WAL has next to nothing.
select case when current_setting('effective_wal_level', true) is not null and current_setting('wal_level') <> 'minimal' then 'logical'
         else current_setting('wal_level') end as wal_level,
       current_setting('max_replication_slots')::int - (select count(*) from pg_replication_slots) + own.slots as free_slots,
       current_setting('max_wal_senders')::int - (select count(*) from pg_stat_replication) + own.active as free_senders,
       r.rolsuper or r.rolreplication or exists (
         select from pg_roles g where g.rolname = 'rds_replication' and pg_has_role(g.oid, 'MEMBER')) as may_replicate,
       has_database_privilege(current_database(), 'CREATE')
         or exists (select from pg_namespace where nspname = 'crossfade') as may_create,
       current_user as role, current_database() as database, getdatabaseencoding() as encoding,
       current_setting('server_version_num')::int as version,
       -- A standby that fetches slots does so by a session of this name.
       exists (select from pg_stat_replication a
               where a.state = 'streaming' and not exists (select from pg_replication_slots s where s.active_pid = a.pid and s.slot_type = 'logical'))
         and not exists (select from pg_stat_activity a where a.application_name like '%slotsync worker') as slotless_standby
from pg_roles r, own
where r.rolname = current_user
