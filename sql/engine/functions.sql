-- What the engine and applications call. Every statement can be run again.

-- Whether the leader of a migration is there: its session is, and it has renewed its row.
create or replace function crossfade.leader_lives(migration_name text) returns boolean
language sql stable set search_path = '' as $$
  select exists (
    -- Whoever is not of the leader's role is not told when its session began.
    select from crossfade.leader l join pg_catalog.pg_stat_activity a on a.pid = l.pid and coalesce(a.backend_start, l.backend_start) = l.backend_start
    where l.migration = migration_name and l.renewed_at > pg_catalog.clock_timestamp() - interval '10 seconds'
  )
$$;

-- What a leader that is not there any more has open: it may be frozen, or its machine gone, or it was killed while the server was at work for it,
-- and holds rows, and the slot, until the server notices. A sign of life comes each second: sessions that are younger are somebody else's.
create or replace function crossfade.end_former_leader(migration_name text, new_holder text) returns void
language plpgsql set search_path = '' as $$
begin
  perform pg_catalog.pg_terminate_backend(a.pid)
  from crossfade.leader l
    join pg_catalog.pg_stat_activity a on a.datname = pg_catalog.current_database() and a.backend_start < l.renewed_at + interval '5 seconds'
    cross join lateral (select 'crossfade ' || l.migration || ' ') n (prefix)
  where l.migration = migration_name and a.pid <> pg_catalog.pg_backend_pid()
    and (l.holder = new_holder or not crossfade.leader_lives(migration_name))
    and (a.pid = l.pid and a.backend_start = l.backend_start
      -- One that only tries to lead has none of these.
      or pg_catalog.starts_with(a.application_name, n.prefix)
        and pg_catalog.split_part(pg_catalog.substr(a.application_name, pg_catalog.length(n.prefix) + 1), ' ', 1)
          in ('refresh', 'stream', 'catch-up', 'backfill', 'build', 'analyze', 'validate'));
exception when insufficient_privilege then
  -- Of another role; the server ends them by itself.
  null;
end $$;

-- Makes `holder` the leader and returns its epoch; null while another one lives.
create or replace function crossfade.take_lease(migration_name text, new_holder text) returns bigint
language plpgsql set search_path = '' as $$
declare
  taken bigint;
begin
  perform crossfade.end_former_leader(migration_name, new_holder);
  perform from crossfade.lease l where l.migration = migration_name for update;
  -- Sessions that began while the lock was waited for: what was seen of them before is kept for a transaction.
  perform pg_catalog.pg_stat_clear_snapshot();
  if crossfade.leader_lives(migration_name)
    and exists (select from crossfade.leader l where l.migration = migration_name and l.holder <> new_holder) then
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
-- What a foreign key does (cascade, set null) is let through: a user who is deleted takes rows of both sides along, and must not be kept
-- by a table that nobody writes any more. It comes from inside a trigger, as what triggers of the application write does, and is told by
-- its statement: the server's own, behind a line of ours in the context.
create or replace function crossfade.fence() returns trigger
language plpgsql set search_path = '' as $$
declare
  context text;
begin
  if pg_catalog.current_setting('crossfade.writer', true) is not distinct from tg_argv[0] then
    return null;
  end if;
  get diagnostics context = pg_context;
  if pg_catalog.pg_trigger_depth() = 1 or context !~ '^[^\n]*\n[^\n]*?(DELETE FROM|UPDATE) (ONLY )?"[^\n]* WHERE \$\d+ OPERATOR\(' then
    -- Anything but a side is the server that the writes have gone to.
    if tg_argv[1] not in ('v1', 'v2') then
      raise exception using errcode = 'CF001',
        message = pg_catalog.format('table %I.%I is not written any more: the writes of migration %s have moved to another server', tg_table_schema, tg_table_name, tg_argv[0]),
        hint = pg_catalog.format('Write v2, at %s. Nothing comes back from there.', tg_argv[1]);
    end if;
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

-- Which side is written: 'v1' before the cutover of the writes and after a rollback, 'v2' in between and for good after `complete`. Who
-- asks behind `lock table ... in row exclusive mode` has an answer that holds to the end of the transaction: a flip waits for it. Of two servers
-- each says what it knows: between the close of the one and the opening of the other, and there alone, they differ, and neither is written. Unlike
-- crossfade.route it raises where nobody knows the migration: an answer that is wrong would send writes to the wrong side.
create or replace function crossfade.owner(migration text) returns text
language plpgsql stable parallel safe strict security definer set search_path = pg_catalog, pg_temp as $$
declare
  goes text;
begin
  select case o.goes_to when 'v2' then 'reverse' when 'v1' then 'forward' else m.direction end into goes
  from crossfade.migration m left join crossfade.other_server o on o.migration = m.name
  where m.name = owner.migration;
  if not found then
    raise exception using errcode = '22023', message = format('there is no migration %s in this database', quote_ident(migration)),
      hint = 'It is called as migration.yaml says; before `crossfade prepare` and after `crossfade cancel` there is none.';
  end if;
  return case goes when 'reverse' then 'v2' else 'v1' end;
end $$;

-- Read your writes: true once everything that committed before `lsn` can be read in v2, false after `timeout`. True at once
-- where v2 is written itself. What the calling transaction has written is in v2 after its commit, and not before. With the `targets` that
-- are read it is waited for these alone, and for no other migration: others may be compared anew, or parked. A name that is no target's has it wait
-- for all.
create or replace function crossfade.wait_for(lsn pg_lsn, timeout interval, targets text[]) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  give_up timestamptz := clock_timestamp() + timeout;
  read text[] := case when not exists (select from unnest(targets) s where not exists (select from crossfade.backfill b where b.target = s)) then nullif(targets, '{}') end;
begin
  if lsn is null or timeout is null then
    return null;
  end if;
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception using errcode = '25001', message = 'crossfade.wait_for sees no progress in a transaction with one snapshot',
      hint = 'Call it before the transaction, or in read committed.';
  end if;
  if pg_current_xact_id_if_assigned() is not null then
    raise exception using errcode = '25001', message = 'crossfade.wait_for is called in a transaction that has written, and waits for what has committed',
      hint = 'Call it after the commit.';
  end if;
  loop
    if not exists (
      select from crossfade.checkpoint c join crossfade.migration m on m.name = c.migration
      where m.direction = 'forward' and c.consistent_lsn < lsn
        and (read is null or exists (select from crossfade.backfill b where b.migration = m.name and b.target = any (read)))
        and (read is null or c.readable_lsn < lsn or c.readable_but && read)
    ) then
      return true;
    end if;
    if clock_timestamp() >= give_up then
      return false;
    end if;
    perform pg_sleep(0.005);
  end loop;
end $$;

create or replace function crossfade.wait_for(lsn pg_lsn, timeout interval) returns boolean
language sql volatile strict set search_path = pg_catalog, pg_temp as $$ select crossfade.wait_for($1, $2, null::text[]) $$;

-- A message of crossfade's own into the log: with the secret of its migration, or it is not listened to. In UTF-8, whatever the database's
-- encoding: the stream translates what is of rows, and no message.
create or replace function crossfade.say(migration text, what text) returns pg_lsn
language sql volatile strict set search_path = pg_catalog, pg_temp as $$
  select pg_logical_emit_message(true, 'crossfade', convert_to(concat_ws(E'\n', $1, (select s.word from crossfade.secret s where s.migration = $1), $2), 'UTF8'))
$$;

-- Offers a key by hand: `key` is the value of the target's first locator; where that has several columns, their values as the
-- text of an array. It travels in the WAL with its transaction, so crossfade.wait_for(pg_current_wal_insert_lsn(), ...) after the
-- commit waits for its rows. Each call is work for the engine, so it is not for everybody: grant execute to the roles that
-- shall. With its owner's rights, because of the secret.
create or replace function crossfade.touch(migration text, target text, key text) returns void
language plpgsql volatile strict security definer set search_path = pg_catalog, pg_temp as $$
declare
  longest constant int := 8192;
  takes crossfade.touchable;
  parts text[];
  written text := key;
  refused text;
begin
  select t.* into takes from crossfade.touchable t where t.migration = touch.migration and t.target = touch.target;
  if not found then
    raise exception using errcode = '22023', message = format('there is no target %s in migration %s', target, migration),
      hint = '`crossfade plan` lists the targets.';
  end if;
  if octet_length(key) > longest then
    raise exception using errcode = '22023', message = format('a key of %s bytes is not taken', octet_length(key)),
      hint = format('Up to %s bytes are; change the row itself, or mend it by `crossfade verify --repair`.', longest);
  end if;
  begin
    if cardinality(takes.types) = 1 then
      execute format('select $1::%s', takes.types[1]) using key;
    else
      parts := array(select unnest(key::text[]));
      if cardinality(parts) <> cardinality(takes.types) then
        raise exception 'it has % values', cardinality(parts);
      end if;
      execute (select format('select %s', string_agg(format('$1[%s]::%s', t.place, t.type), ', ')) from unnest(takes.types) with ordinality t (type, place))
        using parts;
      written := parts::text;
    end if;
  exception when others then
    refused := sqlerrm;
  end;
  if refused is not null then
    raise exception using errcode = '22023', message = format('%s is no key of %s: %s', key, target, refused),
      hint = format('A key of %s is a value of %s (%s).', target, takes.locator, array_to_string(takes.types, ', '));
  end if;
  -- The stream may be deaf for a while, to something that is too large to be heard. Before it has begun all is compared anyhow.
  insert into crossfade.dirty (migration, target, locator, key)
  select c.migration, touch.target, takes.locator, case when cardinality(takes.types) = 1 then array[written] else parts end
  from crossfade.checkpoint c where c.migration = touch.migration;
  perform crossfade.say(migration, concat_ws(E'\n', 'touch', target, written));
end $$;

-- A stable view shows `shown` from now on, as `statement` makes it. One that shows it already stays as it is: of hundreds that turn while
-- applications wait those of an earlier flip need not turn again. One that is gone is made.
create or replace function crossfade.turn_view(stable text, shown regclass, statement text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  made boolean;
begin
  if not exists (select from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                 where r.ev_class = to_regclass(stable) and d.refclassid = 'pg_class'::regclass and d.refobjid = shown) then
    made := to_regclass(stable) is null;
    execute statement;
    if made then
      perform crossfade.close_relation(to_regclass(stable));
    end if;
  end if;
end $$;

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

-- Rows of `shadow`, by partition and place, for which one of `expressions` raises; none where these are more than `most`. By stretches of
-- pages, as most rows do not. What was cancelled counts: a function may raise that too, and a row too many is only offered again.
create or replace function crossfade.rows_that_raise(shadow regclass, expressions text, most bigint) returns table (part oid, at tid)
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  stretch constant int := 32;
  parts oid[] := '{}';
  places tid[] := '{}';
  leaf regclass;
  page bigint;
  place tid;
  rows_of text;
begin
  for leaf in select t.relid from pg_partition_tree(shadow) t where t.isleaf union select c.oid from pg_class c where c.oid = shadow and c.relkind = 'r' loop
    for page in select generate_series(0, pg_relation_size(leaf) / current_setting('block_size')::bigint, stretch) loop
      rows_of := format('from only %s where ctid >= ''(%s,0)'' and ctid < ''(%s,0)''', leaf, page, page + stretch);
      begin
        execute format('select count(row(%s)) %s', expressions, rows_of);
      exception when others or query_canceled or assert_failure then
        for place in execute 'select ctid ' || rows_of loop
          begin
            execute format('select count(row(%s)) from only %s where ctid = $1', expressions, leaf) using place;
          exception when others or query_canceled or assert_failure then
            parts := parts || leaf::oid;
            places := places || place;
          end;
        end loop;
      end;
      if cardinality(parts) > most then
        return;
      end if;
    end loop;
  end loop;
  return query select * from unnest(parts, places);
end $$;

-- What crossfade makes for itself is nobody's to read but the owner's, whatever `alter default privileges` gives others of all that its role
-- makes: by the views they would see rows that v1 hides, and keys and messages in its own tables. What was granted to others stays.
create or replace function crossfade.close_relation(relation regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  by_default record;
begin
  for by_default in
    select distinct case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end as name
    from pg_class c
    cross join aclexplode(c.relacl) a
    join pg_default_acl d on d.defaclrole = c.relowner and d.defaclnamespace in (0, c.relnamespace) and d.defaclobjtype = case c.relkind when 'S' then 'S'::"char" else 'r' end
    join aclexplode(d.defaclacl) g on g.grantee = a.grantee and g.privilege_type = a.privilege_type
    where c.oid = relation and a.grantee <> c.relowner and pg_has_role(c.relowner, 'usage')
  loop
    execute format('revoke all on %s from %s', relation, by_default.name);
  end loop;
end $$;

create or replace function crossfade.close_schemas(schemas text[]) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  select crossfade.close_relation(c.oid) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = any (schemas) and c.relkind in ('r', 'p', 'v', 'm', 'S')
$$;

-- A session as people are told of it. What it does only who may see it is told.
create or replace function crossfade.session_said(pid int, owner name, application text, state text, since timestamptz, statement text) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case when statement = '<insufficient privilege>' then format('pid %s (%s); grant pg_read_all_stats to %I shows what it does', pid, concat_ws(', ', owner, nullif(application, '')), current_user)
           else format('pid %s (%s, for %s s): %s', pid, concat_ws(', ', owner, nullif(application, ''), state), extract(epoch from clock_timestamp() - since)::int, left(statement, 200)) end
$$;

-- Who has tables of migration $1 locked so that nobody reads them, or writes those that crossfade writes: nothing is done for these targets then. In
-- catalogs alone, without a lock on any of them: whoever asks must not wait. Since when is not told of a lock, but of the transaction that has it.
create or replace function crossfade.tables_held(of_migration text)
returns table (targets text[], since timestamptz, who text)
language sql stable set search_path = pg_catalog, pg_temp as $$
  with recursive going as (
    select m.direction from crossfade.migration m where m.name = of_migration and m.phase <> 'completed'
  ), place as (
    (select t.target, w.relation, false as written
     from crossfade.watched w join going g on g.direction = w.direction cross join unnest(w.targets) t (target) where w.migration = of_migration
     union
     select w.target, w.relation, true from crossfade.written w join going g on g.direction = w.direction where w.migration = of_migration)
    union
    select p.target, i.inhrelid, p.written from place p join pg_inherits i on i.inhparent = p.relation
  ), held as (
    select l.pid, l.virtualtransaction, array_agg(distinct p.target order by p.target) as targets
    from pg_locks l join place p on p.relation = l.relation
    where l.granted and l.locktype = 'relation' and l.database = (select oid from pg_database where datname = current_database())
      and (l.mode = 'AccessExclusiveLock' or p.written and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock'))
    group by l.pid, l.virtualtransaction
  )
  select h.targets, coalesce(a.xact_start, clock_timestamp() - interval '2 seconds'),
         crossfade.session_said(a.pid, a.usename, a.application_name, a.state, a.xact_start, a.query)
  from held h join pg_stat_activity a on a.pid = h.pid
  where a.application_name not like 'crossfade %'
  union all
  select h.targets, p.prepared, format('prepared transaction %L (%s, for %s s)', p.gid, p.owner, extract(epoch from clock_timestamp() - p.prepared)::int)
  from held h
  join pg_locks t on t.virtualtransaction = h.virtualtransaction and t.pid is null and t.locktype = 'transactionid'
  join pg_prepared_xacts p on p.transaction = t.transactionid
  where h.pid is null
$$;

-- What applications call, and nothing else, is everybody's. What others may call besides they were granted.
revoke execute on all functions in schema crossfade from public;
do $$
declare
  by_default record;
begin
  perform crossfade.close_schemas('{crossfade}');
  for by_default in
    select distinct p.oid::regprocedure as function, quote_ident(pg_get_userbyid(a.grantee)) as name
    from pg_proc p
    cross join aclexplode(p.proacl) a
    join pg_default_acl d on d.defaclrole = p.proowner and d.defaclnamespace in (0, p.pronamespace) and d.defaclobjtype = 'f'
    join aclexplode(d.defaclacl) g on g.grantee = a.grantee
    where p.pronamespace = 'crossfade'::regnamespace and p.proname <> 'touch' and a.grantee not in (0, p.proowner)
  loop
    execute format('revoke execute on function %s from %s', by_default.function, by_default.name);
  end loop;
end $$;
grant usage on schema crossfade to public;
grant execute on function crossfade.route(text, text), crossfade.route(text, anyelement), crossfade.owner(text),
  crossfade.wait_for(pg_lsn, interval), crossfade.wait_for(pg_lsn, interval, text[]), crossfade.uuid(uuid, text[]) to public;
