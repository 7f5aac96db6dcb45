-- What crossfade knows lives here; a restart anywhere needs nothing else. Every script of this folder can be run again.

create schema if not exists crossfade;

-- Which layout the tables here have: one row. Whoever changes a table that there is already writes upgrades/to_<version>.sql and
-- raises the version; a new table needs neither.
create table if not exists crossfade.layout (
  alone boolean primary key default true check (alone),
  version int not null,
  since timestamptz not null default now()
);

create table if not exists crossfade.migration (
  name text primary key,
  phase text not null check (phase in ('prepared', 'backfilling', 'following', 'completed')),
  phase_since timestamptz not null default now(),
  direction text not null default 'forward' check (direction in ('forward', 'reverse')),  -- reverse: v2 owns the data, v1 follows
  turned_at timestamptz not null default '-infinity',  -- when the direction turned last
  paused_since timestamptz,
  pace_sessions int,                              -- the backfill waits while more sessions are at work; null: no bound
  pace_replica_lag interval,                      -- ... or while a standby is further behind
  pace_retained_wal bigint,                       -- ... or while the server keeps more bytes of WAL for the slot
  shadow_schema text not null,
  mapping_schema text not null,
  stable_schema text,
  made_schemas text[] not null default '{}',      -- schemas that prepare made and cancel drops
  prepared_at timestamptz not null default now()
);

-- Of a migration whose v1 and v2 are on two servers, on each of them: which of the two is here, and where the other one is. No row: both
-- are here.
create table if not exists crossfade.other_server (
  migration text primary key references crossfade.migration on delete cascade,
  here text not null check (here in ('source', 'target')),
  id text not null,                               -- of the other's database: system identifier and oid
  place text not null,                            -- for people
  changed_at timestamptz not null default '-infinity',  -- what was proved before says nothing of what is read of the other
  -- What this server says of the writes. Two have no commit in common: the higher turn says where they go, and the server with the lower one
  -- follows. Changed by a compare-and-set of the turn alone, in the transaction that puts the fences here up or down.
  turn bigint not null default 0,
  goes_to text not null default 'v1' check (goes_to in ('v1', 'v2')),  -- the side that is to be written: open is who says it of himself
  owned text not null default 'v1' check (owned in ('v1', 'v2')),      -- who had the data when this was written
  barrier pg_lsn                                  -- in v1's log: what v2 has to have before it opens
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

-- A daemon that is there and cannot follow: it tries again every few seconds, and says each time what it met.
create table if not exists crossfade.trying (
  migration text primary key references crossfade.migration on delete cascade,
  holder text not null,
  since timestamptz not null default clock_timestamp(),
  tried_at timestamptz not null default clock_timestamp(),
  message text not null,
  advice text not null
) with (fillfactor = 50);

-- The word by which crossfade knows its own messages: anybody who may connect can write one into the log. Nobody is granted
-- this table; crossfade.touch reads it with its owner's rights.
create table if not exists crossfade.secret (
  migration text primary key references crossfade.migration on delete cascade,
  word text not null default gen_random_uuid()::text
);

-- What crossfade.touch takes: the first locator of each target of the direction that goes.
create table if not exists crossfade.touchable (
  migration text not null references crossfade.migration on delete cascade,
  target text not null,
  locator text not null,
  types text[] not null,                          -- of its columns, one each
  primary key (migration, target)
);

-- How far the migration is, bound to one incarnation of the slot: progress of one slot means nothing to another.
create table if not exists crossfade.checkpoint (
  migration text primary key references crossfade.migration on delete cascade,
  system_identifier text not null,
  timeline int not null,
  slot text not null,
  slot_created_lsn pg_lsn not null,
  settled_lsn pg_lsn not null,                    -- all that committed before is in the shadow tables, dirty or quarantine
  consistent_lsn pg_lsn not null,                 -- all that committed before is in the shadow tables
  readable_lsn pg_lsn not null default '0/0',     -- ... in those of all targets but these, which are compared or parked
  readable_but text[] not null default '{}',
  beat_sent_at timestamptz,                       -- of the last heartbeat whose effect can be read in the shadow tables ...
  beat_applied_at timestamptz                     -- ... and when that was, by the same clock: the server's
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
  stage int not null,                             -- 1 keys and indexes: before following; 2 foreign keys: at a consistent cut; 3: in the flip
  create_sql text not null,
  validate_sql text,
  indexed_by text,                                -- expressions
  excluded_by text[],                             -- operators of an exclusion constraint
  refers_to oid,                                  -- of stage 3: the table that stays; its statements have %1$s for their own
  built boolean not null default false,
  primary key (migration, target, name)
);

-- What of it is refused by now, and when it is tried again.
create table if not exists crossfade.left_open (
  migration text not null references crossfade.migration on delete cascade,
  target text not null,
  name text not null,
  because text not null,
  tries int not null default 1,
  tried_at timestamptz not null default clock_timestamp(),
  next_at timestamptz not null,
  primary key (migration, target, name)
);

-- Each file of the migration's folder as it was when the database was made after it: a hash, so that a change is noticed.
create table if not exists crossfade.script (
  migration text not null references crossfade.migration on delete cascade,
  file text not null,
  hash text not null,
  installed_at timestamptz not null default now(),
  primary key (migration, file)
);

-- What a migration said when the database was made after it, from its preparation through each amend. The last is in force.
create table if not exists crossfade.edition (
  migration text not null references crossfade.migration on delete cascade,
  number int not null,
  how text not null check (how in ('prepared', 'amended', 'undone')),
  at timestamptz not null default now(),
  who text not null default session_user,
  lsn pg_lsn not null default pg_current_wal_insert_lsn(),
  changes text[] not null default '{}',           -- what it did, for people
  ddl bytea,                                      -- that ran with it
  primary key (migration, number)
);

-- Its files, as they were read: UTF-8, whatever the database's encoding. None of what an earlier layout prepared.
create table if not exists crossfade.edition_file (
  migration text not null,
  edition int not null,
  file text not null,
  content bytea not null,
  primary key (migration, edition, file),
  foreign key (migration, edition) references crossfade.edition on delete cascade
);

-- What the columns of v1's tables were called, and of which type they were, when the edition in force was entered.
create table if not exists crossfade.source_column (
  migration text not null references crossfade.migration on delete cascade,
  relation oid not null,
  attnum int not null,
  schema_name text not null,
  table_name text not null,
  name text not null,
  type text not null,
  primary key (migration, relation, attnum)
);

-- The tables of ids, one a surrogate of a migration; they stand beside this one.
create table if not exists crossfade.surrogate (
  migration text not null references crossfade.migration on delete cascade,
  name text not null,
  ids text not null,                              -- the table
  primary key (migration, name)
);

-- The same for the same key, whatever its length: what an array of texts prints depends on nothing.
create or replace function crossfade.digest(key text[]) returns bytea
language sql immutable strict parallel safe as $$ select pg_catalog.sha256(pg_catalog.convert_to($1::text, 'UTF8')) $$;

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
  accepted_by text
);
-- By a digest, because a key can be longer than an index takes.
create unique index if not exists quarantine_by_key on crossfade.quarantine (migration, target, locator, crossfade.digest(key));

-- It has no primary key, and somebody may publish all tables.
do $$ begin
  if (select relreplident <> 'f' from pg_class where oid = 'crossfade.quarantine'::regclass) then
    alter table crossfade.quarantine replica identity full;
  end if;
end $$;

-- Targets that the database refuses as a whole: their keys wait in crossfade.dirty, and from next_at on they are on trial. The
-- line goes when nothing of theirs waits any more.
create table if not exists crossfade.parked (
  migration text not null references crossfade.migration on delete cascade,
  target text not null,
  sqlstate text not null,
  constraint_name text,
  message text not null,
  samples text[] not null default '{}',           -- keys that were tried alone
  attempts int not null default 1,
  since timestamptz not null default now(),
  next_at timestamptz not null default now() + interval '10 seconds',
  primary key (migration, target)
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

-- Types and other things of the shadow schema that went along with v2's tables, and foreign keys that these were given.
create table if not exists crossfade.moved (
  migration text not null references crossfade.migration on delete cascade,
  kind text not null,                             -- as alter names it
  class oid not null,
  object oid not null,
  primary key (migration, class, object)
);

-- Privileges on tables that were lent to the daemon's role, as they are to be again: to make triggers, which nobody has meanwhile, and the
-- daemon's own, which became its owner's.
create table if not exists crossfade.withheld (
  migration text not null references crossfade.migration on delete cascade,
  relation oid not null,
  attnum int not null,                            -- 0: of the whole table
  grantee oid not null,                           -- 0: public
  privilege text not null,
  grantable boolean not null,
  primary key (migration, relation, attnum, grantee, privilege)
);

-- Foreign keys of tables outside that a flip has re-pointed, until they are validated.
create table if not exists crossfade.unvalidated (
  migration text not null references crossfade.migration on delete cascade,
  relation oid not null,
  name name not null,
  primary key (migration, relation, name)
);

-- Triggers that rest while crossfade alone writes their table.
create table if not exists crossfade.disabled_trigger (
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
create table if not exists crossfade.cutover_step (
  id bigint generated always as identity primary key,
  migration text not null,
  flip text not null,                             -- the flip's own id, as in the detail of its line in audit
  attempt int not null,
  step text not null,
  milliseconds double precision not null,
  outcome text not null,                          -- done, or what the server said
  held boolean not null,                          -- applications waited for its locks while it ran
  holders text not null default '',               -- the sessions that had the lock: pid, user, state, query
  at timestamptz not null default now()
);

-- What the table above was called before.
create or replace view crossfade.flight as select * from crossfade.cutover_step;

-- The lag of the last two hours, as the status page draws it: it outlives the daemon.
create table if not exists crossfade.lag_history (
  migration text not null references crossfade.migration on delete cascade,
  at timestamptz not null,
  lag_seconds double precision,                   -- the highest of a few seconds; null: not known
  phase text not null,
  primary key (migration, at)
);
