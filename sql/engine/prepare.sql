-- What prepare puts down once the tables are there: run by crossfade, or by whoever runs what `prepare --print-sql` prints.

create or replace function crossfade.enter_migration(migration_name text, shadow text, mapping text, stable text, made text[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  insert into crossfade.migration (name, phase, shadow_schema, mapping_schema, stable_schema, made_schemas)
  values (migration_name, 'prepared', shadow, mapping, nullif(stable, ''), made);
  insert into crossfade.lease (migration) values (migration_name);
  insert into crossfade.reads (migration) values (migration_name);
  insert into crossfade.secret (migration) values (migration_name);
end $$;

create or replace function crossfade.enter_surrogate(migration_name text, surrogate text, ids text) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  insert into crossfade.surrogate (migration, name, ids) values (migration_name, surrogate, ids) on conflict do nothing
$$;

-- What is said from now on; its files follow, one by one.
create or replace function crossfade.enter_edition(migration_name text, how text, by_whom text, changes text[], ddl bytea) returns int
language sql set search_path = pg_catalog, pg_temp as $$
  delete from crossfade.script s where s.migration = $1;
  insert into crossfade.edition (migration, number, how, who, changes, ddl)
  select $1, coalesce(max(e.number), 0) + 1, $2, coalesce(nullif($3, ''), session_user), $4, $5 from crossfade.edition e where e.migration = $1
  returning number
$$;

create or replace function crossfade.enter_file(migration_name text, file text, hash text, content bytea) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  insert into crossfade.script (migration, file, hash) values ($1, $2, $3);
  insert into crossfade.edition_file (migration, edition, file, content)
  select $1, max(e.number), $2, $4 from crossfade.edition e where e.migration = $1
$$;

-- Once the views are there: what v1's tables and their columns are called by now.
create or replace function crossfade.know_sources(migration_name text, schemas text[], tables text[]) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  delete from crossfade.source_column k where k.migration = $1;
  insert into crossfade.source_column (migration, relation, attnum, schema_name, table_name, name, type)
  select $1, a.attrelid, a.attnum, n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
  from unnest($2, $3) s (schema_name, table_name)
  join pg_namespace n on n.nspname = s.schema_name
  join pg_class c on c.relnamespace = n.oid and c.relname = s.table_name
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
$$;

-- Into an empty table rows are loaded in bulk; what is there already is merged. A lazy one copies nothing up front. `locator` and
-- `types` are what crossfade.touch takes.
create or replace function crossfade.enter_target(migration_name text, target text, relation regclass, estimated bigint, lazy boolean,
                                                  locator text, types text[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  empty boolean;
begin
  execute format('select not exists (select from %s)', relation) into empty;
  insert into crossfade.backfill (migration, target, bulk, estimated_rows, finished_at)
  values (migration_name, target, empty, estimated, case when lazy then now() end);
  insert into crossfade.touchable (migration, target, locator, types) values (migration_name, target, locator, types);
end $$;

-- The first checkpoint of slot `slot`, which the session has just made. It makes it by a statement of its own: where a server decodes
-- DDL on the way to the slot's first position, it forgets inside which function it was called (error XX000, "snapshot reference is not
-- owned by resource owner").
--
-- A transaction may have committed before the slot's first position and still be invisible: its change would come neither by the
-- stream nor by a backfill's snapshot. So the first snapshot waits for all that had begun; to see them end it needs a snapshot a
-- statement, which is what read committed is.
create or replace function crossfade.begin_stream(migration_name text, slot text) returns pg_lsn
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  made pg_lsn;
  began xid8;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using errcode = '25001', message = 'crossfade.begin_stream waits for transactions, which one snapshot never sees end',
      hint = 'Call it in a transaction that is read committed.';
  end if;
  select s.confirmed_flush_lsn into made from pg_replication_slots s where s.slot_name = slot and s.database = current_database();
  if not found then
    raise exception using errcode = '42704', message = format('replication slot %I is not there', slot),
      hint = format('select pg_create_logical_replication_slot(%L, ''pgoutput'')', slot);
  end if;
  began := pg_snapshot_xmax(pg_current_snapshot());
  while pg_snapshot_xmin(pg_current_snapshot()) < began loop
    perform pg_sleep(0.02);
  end loop;
  insert into crossfade.checkpoint (migration, system_identifier, timeline, slot, slot_created_lsn, settled_lsn, consistent_lsn)
  select migration_name, s.system_identifier, ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int, begin_stream.slot, made, made, '0/0'
  from pg_control_system() s
  on conflict (migration) do update
  set system_identifier = excluded.system_identifier, timeline = excluded.timeline, slot = excluded.slot,
      slot_created_lsn = excluded.slot_created_lsn, settled_lsn = excluded.settled_lsn, consistent_lsn = excluded.consistent_lsn,
      readable_lsn = '0/0', readable_but = '{}';
  return made;
end $$;

-- The rows that v2.sql itself puts into a table, as a sum of them; null without any. What a default gives may be another each time.
create or replace function crossfade.rows_said(relation regclass) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  columns text := (select string_agg(format('t.%I', a.attname), ', ' order by a.attnum) from pg_attribute a
                   where a.attrelid = relation and a.attnum > 0 and not a.attisdropped and not a.atthasdef and a.attidentity = '');
  said text;
begin
  execute format('select count(*) || '' '' || md5(string_agg(r, E''\n'' order by r)) from (select row(%s)::text as r from only %s t) rows having count(*) > 0', columns, relation) into said;
  return said;
end $$;

-- What two schemas of views say otherwise, the second one's name taken for the first one's; null for nothing.
create or replace function crossfade.said_otherwise(schema text, aside text) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  with said (place, what, text) as (
    select n.nspname, 'view ' || quote_ident(c.relname), pg_get_viewdef(c.oid)
    from pg_namespace n join pg_class c on c.relnamespace = n.oid and c.relkind in ('v', 'm') where n.nspname in (schema, aside)
    union all
    select n.nspname, format('function %I(%s)', p.proname, pg_get_function_identity_arguments(p.oid)), p.prosrc
    from pg_namespace n join pg_proc p on p.pronamespace = n.oid where n.nspname in (schema, aside)
  )
  select string_agg(coalesce(o.what, t.what), ', ' order by coalesce(o.what, t.what))
  from (select * from said where place = schema) o
  full join (select what, replace(s.text, quote_ident(aside) || '.', quote_ident(schema) || '.') as text from said s where place = aside) t on t.what = o.what
  -- What somebody has there beside is his.
  where o.what is not null and o.text is distinct from t.text
$$;
