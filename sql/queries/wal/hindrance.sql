-- What of the server's settings, and of our role's rights, keeps slot $1 from being made or read, the gravest first, with what mends it. No
-- row: nothing of these. From 19 on the level rises by itself once there is a logical slot.
with ours as (
  select count(*) as slots, count(*) filter (where active) as active
  from pg_replication_slots where slot_name = $1 and database = current_database()
)
select what, fix
from (
  select 1, format('wal_level is %s: the WAL has no row changes to follow', current_setting('wal_level')),
         'alter system set wal_level = logical;  -- then restart the server'
  where current_setting('wal_level') <> 'logical' and (current_setting('effective_wal_level', true) is null or current_setting('wal_level') = 'minimal')
  union all
  select 2, format('role %s may not read the WAL', current_user),
         format('alter role %1$I replication;  -- on Amazon RDS: grant rds_replication to %1$I', current_user)
  from pg_roles r
  where r.rolname = current_user and not (r.rolsuper or r.rolreplication)
    and not exists (select from pg_roles g where g.rolname = 'rds_replication' and pg_has_role(g.oid, 'MEMBER'))
  union all
  select 3, format('all %s replication slots are taken (max_replication_slots): %s', current_setting('max_replication_slots'),
                   (select string_agg(s.slot_name || case when s.active then '' else ' (nobody reads it)' end, ', ' order by s.slot_name) from pg_replication_slots s)),
         'alter system set max_replication_slots = 20;  -- then restart the server; or drop one that nobody needs: select pg_drop_replication_slot(''NAME'')'
  from ours
  where ours.slots = 0 and (select count(*) from pg_replication_slots) >= current_setting('max_replication_slots')::int
  union all
  select 4, case when current_setting('max_wal_senders') = '0' then 'max_wal_senders is 0: nobody can read the WAL'
                 else format('all %s WAL senders are taken (max_wal_senders): %s', current_setting('max_wal_senders'),
                             (select string_agg(format('%s of %s, pid %s', coalesce(nullif(a.application_name, ''), '?'), coalesce(a.usename::text, '?'), a.pid), '; ' order by a.pid) from pg_stat_replication a)) end,
         'alter system set max_wal_senders = 20;  -- then restart the server; or end one of those who read: select pg_terminate_backend(PID)'
  from ours
  where ours.active = 0 and (select count(*) from pg_stat_replication) >= current_setting('max_wal_senders')::int
) each (rank, what, fix)
order by rank
limit 1
