-- What crossfade knows lives here; a restart anywhere needs nothing else. Every script of this folder can be run again.

create schema if not exists crossfade;

create table if not exists crossfade.migration (
  name text primary key,
  phase text not null check (phase in ('prepared', 'backfilling', 'following', 'completed')),
  phase_since timestamptz not null default now(),
  direction text not null default 'forward' check (direction in ('forward', 'reverse')),  -- reverse: v2 owns the data, v1 follows
  turned_at timestamptz not null default '-infinity',  -- when the direction turned last
  paused_since timestamptz,
  pace_sessions int,                              -- the backfill waits while more sessions are at work; null: no bound
  pace_replica_lag interval,                      -- … or while a standby is further behind
  pace_retained_wal bigint,                       -- … or while the server keeps more bytes of WAL for the slot
  shadow_schema text not null,
  mapping_schema text not null,
  stable_schema text,
  made_schemas text[] not null default '{}',      -- schemas that prepare made and cancel drops
  prepared_at timestamptz not null default now()
);

-- Who may write. Every writing transaction of the engine holds this row for share and finds its own epoch in it, so a
-- leader that was paused and comes back is refused. Changed by a takeover only.
create table if not exists crossfade.lease (
  migration text primary key references crossfade.migration on delete cascade,
  epoch bigint not null default 0
);

-- Who leads, and that it lives. Changed every second, so it is not the row that writers lock.
create table if not exists crossfade.leader (
  migration text primary key references crossfade.migration on delete cascade,
  epoch bigint not null,
  holder text not null,
  pid int not null,
  backend_start timestamptz not null,
  renewed_at timestamptz not null
) with (fillfactor = 50);

-- How far the migration is, bound to one incarnation of the slot: progress of one slot means nothing to another.
create table if not exists crossfade.checkpoint (
  migration text primary key references crossfade.migration on delete cascade,
  system_identifier text not null,
  timeline int not null,
  slot text not null,
  slot_created_lsn pg_lsn not null,
  settled_lsn pg_lsn not null,                    -- all that committed before is in the shadow tables, dirty or quarantine
  consistent_lsn pg_lsn not null,                 -- all that committed before is in the shadow tables
  beat_sent_at timestamptz,                       -- of the last heartbeat whose effect can be read in the shadow tables …
  beat_applied_at timestamptz                     -- … and when that was, by the same clock: the server's
) with (fillfactor = 50);

-- Keys that may have changed and do not wait in memory: a log, so that writing never meets reading.
create table if not exists crossfade.dirty (
  id bigint generated always as identity primary key,
  migration text not null references crossfade.migration on delete cascade,
  target text not null,
  locator text,                                   -- null: every row of the target
  key text[],
  xid bigint not null default 0                   -- the transaction that offered it; 0: no transaction
);

-- The ledger of the backfill: a chunk's rows and its line here commit together.
create table if not exists crossfade.chunk (
  id bigint generated always as identity primary key,
  migration text not null references crossfade.migration on delete cascade,
  target text not null,
  low text,                                       -- exclusive; null: from the beginning
  high text,                                      -- inclusive; null: to the end, and rows without a value
  rows bigint not null,
  seconds double precision not null,
  done_at timestamptz not null default now()
);
create index if not exists chunk_by_target on crossfade.chunk (migration, target);

-- How a target is filled from the beginning, and how far that is.
create table if not exists crossfade.backfill (
  migration text not null references crossfade.migration on delete cascade,
  target text not null,
  bulk boolean not null,                          -- into an empty table without keys and indexes; else by difference
  estimated_rows bigint not null default 0,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  primary key (migration, target)
);

-- Keys, indexes and foreign keys that were taken off for a bulk backfill, as they are to be again.
create table if not exists crossfade.deferred (
  migration text not null references crossfade.migration on delete cascade,
  target text not null,
  name text not null,
  stage int not null,                             -- 1 keys and indexes: before following; 2 foreign keys: at a consistent cut
  create_sql text not null,
  validate_sql text,
  unique_by text,                                 -- expressions; null where it is not unique
  built boolean not null default false,
  primary key (migration, target, name)
);

-- The tables of ids, one a surrogate of a migration; they stand beside this one.
create table if not exists crossfade.surrogate (
  migration text not null references crossfade.migration on delete cascade,
  name text not null,
  ids text not null,                              -- the table
  primary key (migration, name)
);

create table if not exists crossfade.quarantine (
  migration text not null references crossfade.migration on delete cascade,
  target text not null,
  locator text not null,
  key text[] not null,
  sqlstate text not null,
  constraint_name text,
  message text not null,
  attempts int not null default 1,
  first_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  next_at timestamptz not null default now() + interval '10 seconds',
  accepted_by text,
  primary key (migration, target, locator, key)
);

create table if not exists crossfade.verification (
  id bigint generated always as identity primary key,
  migration text not null references crossfade.migration on delete cascade,
  started_at timestamptz not null,
  ended_at timestamptz not null default now(),
  lsn pg_lsn not null,
  whole boolean not null,                         -- every target, not a choice of them
  compared_rows bigint not null,
  drifted_rows bigint not null,
  repaired_rows bigint not null default 0
);

create table if not exists crossfade.account (
  migration text not null references crossfade.migration on delete cascade,
  source text not null,
  total_rows bigint not null,
  mapped_rows bigint not null,
  rejected_rows bigint not null,
  unaccounted_rows bigint not null,
  counted_at timestamptz not null default now(),
  primary key (migration, source)
);

-- Who reads what. One row a migration; the share is in per cent of keys.
create table if not exists crossfade.reads (
  migration text primary key references crossfade.migration on delete cascade,
  percent numeric(5, 2) not null default 0 check (percent between 0 and 100),
  changed_at timestamptz not null default now()
);

-- Tables, indexes and sequences of v1 that gave up their names when the writes moved, and what they were called.
create table if not exists crossfade.retired (
  migration text not null references crossfade.migration on delete cascade,
  relation oid not null,
  kind "char" not null,                           -- pg_class.relkind
  name text not null,
  primary key (migration, relation)
);

-- Triggers that rest while crossfade alone writes their table.
create table if not exists crossfade.resting (
  migration text not null references crossfade.migration on delete cascade,
  relation oid not null,
  name name not null,
  primary key (migration, relation, name)
);

-- Who did what, when, at which position. Kept when a migration ends.
create table if not exists crossfade.audit (
  id bigint generated always as identity primary key,
  migration text not null,
  at timestamptz not null default now(),
  who text not null default session_user,
  action text not null,
  detail jsonb not null default '{}',
  lsn pg_lsn not null default pg_current_wal_insert_lsn()
);

-- What a flip did, step by step, the attempts that gave way included. Kept when a migration ends.
create table if not exists crossfade.flight (
  id bigint generated always as identity primary key,
  migration text not null,
  flip text not null,                             -- the flip's own id, as in the detail of its line in audit
  attempt int not null,
  step text not null,
  milliseconds double precision not null,
  outcome text not null,                          -- done, or what the server said
  held boolean not null,                          -- applications waited while it ran
  holders text not null default '',               -- the sessions that had the lock: pid, user, state, query
  at timestamptz not null default now()
);
-- A uuid that depends on nothing but its arguments: the identity of rows that a mapping makes up, the same however often
-- they are computed.
--
-- RFC 9562 version 8 over SHA-256, because core PostgreSQL has no SHA-1 (version 5), and MD5 (version 3) raises an error on
-- servers in FIPS mode and lets whoever writes a label make two names collide. Measured at 2.2 us a call, version 3 the same.
--
-- The name that is hashed is the namespace's 16 bytes and then the parts as PostgreSQL prints an array, in UTF-8. Printing
-- quotes what would be ambiguous: ('a', 'bc') is {a,bc} and ('ab', 'c') is {ab,c}; ('a,b') is {"a,b"}.
--
-- A null part makes the whole null: a primary key refuses it, where a made-up value would be taken for one.
--
-- plpgsql and not sql: an array's text counts as stable, so a function that is declared immutable would not be inlined and
-- pay the start of an executor for each row (4.8 us). The cost is what it
-- takes next to other functions, so that the planner avoids computing an id more often than needed.
create or replace function crossfade.uuid(namespace uuid, variadic parts text[]) returns uuid
language plpgsql immutable strict parallel safe cost 800 as $$
declare
  hash bytea;
begin
  if array_position(parts, null) is not null then
    return null;
  end if;
  hash := substr(sha256(uuid_send(namespace) || convert_to(parts::text, 'UTF8')), 1, 16);
  return encode(set_byte(set_byte(hash, 6, get_byte(hash, 6) & 15 | 128), 8, get_byte(hash, 8) & 63 | 128), 'hex')::uuid;
end
$$;
-- What the flip of the writes does to names and sequences. Called in the transaction that holds the locks.

-- v1's table gives up its name, and with it the names of its indexes and sequences, which the table that takes its place
-- wants: exercises becomes exercises_v1. What each was called is written down, so that the way back need not guess.
create or replace function crossfade.retire(migration_name text, retired regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  piece record;
begin
  for piece in
    select c.oid, c.oid::regclass as place, c.relname as name, c.relkind as kind
    from pg_class c
    where c.oid = retired
       or c.oid in (select i.indexrelid from pg_index i where i.indrelid = retired)
       or c.relkind = 'S' and c.oid in (
            select d.objid from pg_depend d
            where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = retired and d.deptype in ('a', 'i'))
  loop
    execute format('alter %s %s rename to %I', case piece.kind when 'S' then 'sequence' when 'i' then 'index' when 'I' then 'index' else 'table' end,
                   piece.place, left(piece.name, 60) || '_v1');
    insert into crossfade.retired (migration, relation, kind, name)
    values (migration_name, piece.oid, piece.kind, piece.name);
  end loop;
end $$;

-- The opposite, for all tables of the migration. What was dropped meanwhile stays away.
create or replace function crossfade.reinstate(migration_name text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  piece record;
begin
  for piece in
    select c.oid::regclass as place, r.name, r.kind
    from crossfade.retired r join pg_class c on c.oid = r.relation
    where r.migration = migration_name
  loop
    execute format('alter %s %s rename to %I', case piece.kind when 'S' then 'sequence' when 'i' then 'index' when 'I' then 'index' else 'table' end,
                   piece.place, piece.name);
  end loop;
  delete from crossfade.retired r where r.migration = migration_name;
end $$;

-- Sequences of the table that is to be written go beyond what either side has given out: beyond the rows that came over, and
-- beyond the other side's sequence, whose values may be in a client's hands. They never go back, so a flip that is rolled
-- back does no harm, though setval() does not roll back.
create or replace function crossfade.advance_sequences(writable regclass, other regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  own record;
  highest bigint;
begin
  for own in
    select s.seqrelid, a.attname as name, s.seqmin,
           (select pg_sequence_last_value(os.seqrelid)
            from pg_attribute oa
            join pg_depend od on od.refobjid = oa.attrelid and od.refobjsubid = oa.attnum and od.deptype in ('a', 'i')
                             and od.classid = 'pg_class'::regclass and od.refclassid = 'pg_class'::regclass
            join pg_sequence os on os.seqrelid = od.objid
            where oa.attrelid = other and oa.attname = a.attname) as others
    from pg_sequence s
    join pg_depend d on d.objid = s.seqrelid and d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    where d.refobjid = writable and s.seqincrement > 0
  loop
    execute format('select max(%I) from %s', own.name, writable) into highest;
    highest := greatest(highest, own.others);
    if highest > coalesce(pg_sequence_last_value(own.seqrelid), own.seqmin - 1) then
      perform setval(own.seqrelid::regclass, highest);
    end if;
  end loop;
end $$;

-- Triggers of a table that crossfade alone writes rest, as they do under the server's own logical replication: the application's
-- statement has fired them on the side that is written, and a second time they would change what was brought over. One that is
-- `enable always` is meant to fire here too. Those of foreign keys go on.
create or replace function crossfade.rest_triggers(migration_name text, follower regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  resting record;
begin
  for resting in
    select t.tgrelid::regclass as relation, t.tgname as name
    from pg_trigger t
    where (t.tgrelid = follower or t.tgrelid in (select relid from pg_partition_tree(follower)))
      and not t.tgisinternal and t.tgenabled = 'O' and t.tgname <> 'crossfade_fence'
  loop
    execute format('alter table only %s disable trigger %I', resting.relation, resting.name);
    insert into crossfade.resting (migration, relation, name) values (migration_name, resting.relation, resting.name) on conflict do nothing;
  end loop;
end $$;

-- The opposite, once applications write the table. What was dropped or enabled meanwhile is left as it is.
create or replace function crossfade.wake_triggers(migration_name text, owned regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  resting record;
begin
  for resting in
    delete from crossfade.resting r
    where r.migration = migration_name and (r.relation = owned or r.relation in (select relid from pg_partition_tree(owned)))
    returning r.relation::regclass as relation, r.name, exists (
      select from pg_trigger t where t.tgrelid = r.relation and t.tgname = r.name and t.tgenabled = 'D') as asleep
  loop
    if resting.asleep then
      execute format('alter table only %s enable trigger %I', resting.relation, resting.name);
    end if;
  end loop;
end $$;

-- Sequences that the columns which `listed` reads have as their own: where v2 takes the ids from that crossfade gave before.
create or replace function crossfade.sequences_behind(listed regclass) returns setof pg_sequence
language sql stable set search_path = pg_catalog, pg_temp as $$
  select s.*
  from pg_rewrite r
  join pg_depend reads on reads.classid = 'pg_rewrite'::regclass and reads.objid = r.oid and reads.refclassid = 'pg_class'::regclass and reads.refobjsubid > 0
  join pg_depend owns on owns.refclassid = 'pg_class'::regclass and owns.refobjid = reads.refobjid and owns.refobjsubid = reads.refobjsubid
                     and owns.classid = 'pg_class'::regclass and owns.deptype in ('a', 'i')
  join pg_sequence s on s.seqrelid = owns.objid
  where r.ev_class = listed and s.seqincrement > 0
$$;

-- v2 gives ids from now on: beyond all that crossfade has given, the rows of which may be gone.
create or replace function crossfade.hand_ids_over(ids regclass, listed regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  given bigint := pg_sequence_last_value(pg_get_serial_sequence(ids::text, 'id'));
begin
  perform setval(s.seqrelid::regclass, given)
  from crossfade.sequences_behind(listed) s
  where given > coalesce(pg_sequence_last_value(s.seqrelid), s.seqmin - 1) and given <= s.seqmax;
end $$;

-- crossfade gives ids again: what v2 calls a natural key stays its id, and new ones are beyond all that v2 has given. `listed`
-- are the natural keys (`columns`) with their ids as v2 has them.
create or replace function crossfade.take_ids_back(ids regclass, listed regclass, columns text[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  own text := pg_get_serial_sequence(ids::text, 'id');
  natural_key text := (select string_agg(quote_ident(c), ', ') from unnest(columns) c);
  same text := (select string_agg(format('m.%1$I = v.%1$I', c), ' and ') from unnest(columns) c);
  highest bigint;
begin
  execute format('delete from %s m using %s v where %s and m.id <> v.id', ids, listed, same);
  execute format('delete from %s m using %s v where m.id = v.id and not (%s)', ids, listed, same);
  execute format('insert into %1$s (%2$s, id) select distinct %2$s, id from %3$s v where not exists (select from %1$s m where m.id = v.id)',
                 ids, natural_key, listed);
  execute format('select max(id) from %s', ids) into highest;
  highest := greatest(highest, (
    select max(pg_sequence_last_value(s.seqrelid)) from crossfade.sequences_behind(listed) s
    where pg_sequence_last_value(s.seqrelid) <= (select o.seqmax from pg_sequence o where o.seqrelid = own::regclass)));
  if highest > coalesce(pg_sequence_last_value(own::regclass), 0) then
    perform setval(own::regclass, highest);
  end if;
end $$;
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

-- The fence on the tables of the side that does not own the data: only the engine writes them. Its arguments are the
-- migration and the side that does. It stops accidents; privileges are the security.
--
-- What a foreign key does (cascade, set null) comes from inside a trigger and is let through: a user who is deleted takes
-- rows of both sides along, and must not be kept by a table that nobody writes any more.
create or replace function crossfade.fence() returns trigger
language plpgsql set search_path = '' as $$
begin
  if pg_catalog.current_setting('crossfade.writer', true) is distinct from tg_argv[0] and pg_catalog.pg_trigger_depth() = 1 then
    raise exception using errcode = 'CF001',
      message = pg_catalog.format('table %I.%I is filled by crossfade (migration %s) and is not written directly', tg_table_schema, tg_table_name, tg_argv[0]),
      hint = pg_catalog.format('Write the %s tables; the change arrives here by itself.', tg_argv[1]);
  end if;
  return null;
end $$;

-- Which side the reader of `key` reads: the same answer for the same key, and a key that reads v2 at one percentage
-- reads v2 at every higher one. v1 for a migration that nobody knows, so that applications may ask before it begins and
-- after it is cancelled. A key is told by its text: a uuid and its canonical text are the same key.
--
-- SHA-256 because MD5 is an error on servers in FIPS mode, and the server's own hash functions may change with its version:
-- readers would jump. pg_temp stands last in the path of what runs with its owner's rights: nobody's temporary objects come in
-- between. Two functions, because a parameter whose type a driver leaves open has no place in anyelement.
create or replace function crossfade.route(migration text, key text) returns text
language plpgsql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
declare
  hash bytea := sha256(convert_to(migration || ':' || key, 'UTF8'));
  bucket int := (get_byte(hash, 0) * 65536 + get_byte(hash, 1) * 256 + get_byte(hash, 2)) % 10000;
begin
  return case when bucket < 100 * (select r.percent from crossfade.reads r where r.migration = route.migration) then 'v2' else 'v1' end;
end $$;

create or replace function crossfade.route(migration text, key anyelement) returns text
language sql stable parallel safe as $$ select crossfade.route($1, $2::text) $$;

-- Read your writes: true once everything that committed before `lsn` can be read in v2, false after `timeout`. True at once
-- where v2 is written itself.
create or replace function crossfade.wait_for(lsn pg_lsn, timeout interval) returns boolean
language plpgsql volatile strict security definer set search_path = pg_catalog, pg_temp as $$
declare
  give_up timestamptz := clock_timestamp() + timeout;
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception using errcode = '25001', message = 'crossfade.wait_for sees no progress in a transaction with one snapshot',
      hint = 'Call it before the transaction, or in read committed.';
  end if;
  loop
    if not exists (
      select from crossfade.checkpoint c join crossfade.migration m on m.name = c.migration
      where m.direction = 'forward' and c.consistent_lsn < lsn
    ) then
      return true;
    end if;
    if clock_timestamp() >= give_up then
      return false;
    end if;
    perform pg_sleep(0.005);
  end loop;
end $$;

-- Offers a key by hand: `key` is the value of the target's first locator. It travels in the WAL with its transaction, so
-- crossfade.wait_for(pg_current_wal_insert_lsn(), …) after the commit waits for its rows. Each call is work for the engine, so it
-- is not for everybody: grant execute to the roles that shall.
create or replace function crossfade.touch(migration text, target text, key text) returns void
language sql volatile strict set search_path = pg_catalog, pg_temp as $$
  select pg_logical_emit_message(true, 'crossfade', concat_ws(E'\n', 'touch', migration, target, key))
$$;

-- A stable view was made or now shows other rows: whoever may read the shadow table may read it, with their own rights and
-- the row-level security that applies to them. False: not before the flip, because the mapping reads protected tables with its
-- owner's rights and would show everybody's rows; those readers get a refusal instead.
create or replace function crossfade.share_stable_view(stable regclass, mapping regclass, shadow regclass) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  with_own_rights boolean := current_setting('server_version_num')::int >= 150000;
  row_security boolean;
  owners_rights boolean;
  reader record;
begin
  if with_own_rights then
    execute format('alter view %s set (security_invoker = true)', stable);
  end if;
  with recursive reached (relation) as (
    select mapping::oid
    union
    select d.refobjid
    from reached join pg_rewrite r on r.ev_class = reached.relation
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
  )
  select bool_or(c.relrowsecurity),
         bool_or(c.relkind = 'v' and c.oid <> shadow and not exists (
           select from pg_options_to_table(c.reloptions) o where o.option_name = 'security_invoker' and o.option_value::boolean))
  into row_security, owners_rights
  from pg_class c where c.oid in (select relation from reached union all select shadow);
  if row_security and not with_own_rights then
    return false;
  end if;
  for reader in
    select case a.grantee when 0 then 'public' else a.grantee::regrole::text end as name,
           bool_or(a.whole) as whole, string_agg(distinct quote_ident(shown.attname), ', ') as columns
    from pg_class c
    join pg_attribute shown on shown.attrelid = stable and shown.attnum > 0
    join pg_attribute own on own.attrelid = c.oid and own.attname = shown.attname
    cross join lateral (
      select grantee, privilege_type, true as whole from aclexplode(c.relacl)
      union all
      select grantee, privilege_type, false from aclexplode(own.attacl)
    ) a
    where c.oid = shadow and a.privilege_type = 'SELECT' and a.grantee <> c.relowner
    group by a.grantee
  loop
    execute format('grant usage on schema %s to %s', (select relnamespace::regnamespace from pg_class where oid = stable), reader.name);
    execute format('grant select %s on %s to %s', case when not reader.whole then '(' || reader.columns || ')' end, stable, reader.name);
    -- Without usage of its schema the mapping can be read through the stable view only.
    if with_own_rights and not (row_security and owners_rights) then
      execute format('grant select (%s) on %s to %s', reader.columns, mapping, reader.name);
    end if;
  end loop;
  return not (row_security and owners_rights);
end $$;

-- What applications call, and nothing else, is everybody's.
revoke execute on all functions in schema crossfade from public;
grant usage on schema crossfade to public;
grant execute on function crossfade.route(text, text), crossfade.route(text, anyelement),
  crossfade.wait_for(pg_lsn, interval), crossfade.uuid(uuid, text[]) to public;
