-- What the engine and applications call. Every statement can be run again.

-- Makes `holder` the leader and returns its epoch; null while another one lives. A leader lives as long as its session
-- is there and it renews its row.
create or replace function crossfade.take_lease(migration_name text, new_holder text) returns bigint
language plpgsql set search_path = '' as $$
declare
  taken bigint;
begin
  perform from crossfade.lease l where l.migration = migration_name for update;
  if exists (
    select from crossfade.leader l join pg_catalog.pg_stat_activity a on a.pid = l.pid and a.backend_start = l.backend_start
    where l.migration = migration_name and l.holder <> new_holder
      and l.renewed_at > pg_catalog.clock_timestamp() - interval '10 seconds'
  ) then
    return null;
  end if;
  update crossfade.lease l set epoch = l.epoch + 1 where l.migration = migration_name returning l.epoch into taken;
  delete from crossfade.leader l where l.migration = migration_name;
  insert into crossfade.leader (migration, epoch, holder, pid, backend_start, renewed_at)
  select migration_name, taken, new_holder, a.pid, a.backend_start, pg_catalog.clock_timestamp()
  from pg_catalog.pg_stat_activity a where a.pid = pg_catalog.pg_backend_pid();
  return taken;
end $$;

-- The guard on shadow tables: while v1 owns the data, only the engine writes v2. It stops accidents; privileges are the
-- security.
create or replace function crossfade.guard() returns trigger
language plpgsql set search_path = '' as $$
begin
  if pg_catalog.current_setting('crossfade.writer', true) is distinct from tg_argv[0] then
    raise exception using errcode = 'CF001',
      message = pg_catalog.format('table %I.%I is filled by crossfade (migration %s) and is not written directly', tg_table_schema, tg_table_name, tg_argv[0]),
      hint = 'Write the v1 tables; the change arrives here by itself.';
  end if;
  return null;
end $$;

-- Which side the reader of `key` reads: the same answer for the same key, and a key that reads v2 at one percentage
-- reads v2 at every higher one.
create or replace function crossfade.route(migration text, key anyelement) returns text
language sql stable parallel safe as $$
  select case when r.percent > (('x' || pg_catalog.substr(pg_catalog.md5(r.migration || ':' || $2::text), 1, 8))::bit(32)::bigint % 10000) / 100.0
         then 'v2' else 'v1' end
  from crossfade.reads r where r.migration = $1
$$;

-- Read your writes: true once everything that committed before `lsn` can be read in v2, false after `timeout`.
create or replace function crossfade.wait_for(lsn pg_lsn, timeout interval) returns boolean
language plpgsql volatile set search_path = '' as $$
declare
  give_up timestamptz := pg_catalog.clock_timestamp() + timeout;
begin
  if pg_catalog.current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception using errcode = '25001', message = 'crossfade.wait_for sees no progress in a transaction with one snapshot',
      hint = 'Call it before the transaction, or in read committed.';
  end if;
  loop
    if not exists (select from crossfade.checkpoint c where c.consistent_lsn < lsn) then
      return true;
    end if;
    if pg_catalog.clock_timestamp() >= give_up then
      return false;
    end if;
    perform pg_catalog.pg_sleep(0.005);
  end loop;
end $$;

-- Offers a key by hand: `key` is the value of the target's first locator.
create or replace function crossfade.touch(migration text, target text, key text) returns void
language sql volatile set search_path = '' as $$
  insert into crossfade.dirty (migration, target, locator, key) values ($1, $2, '', array[$3])
$$;
