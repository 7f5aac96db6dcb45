-- What is done to a table is done to its partitions too, which have fences, names and schemas of their own.

-- A table and those of its partitions, at every level, that are in its schema, itself first. Others are where somebody put them. One by
-- one: what is asked for each of hundreds of tables while applications wait must not read all that the database has.
create or replace function crossfade.with_partitions(whole regclass) returns setof regclass
language sql stable set search_path = pg_catalog, pg_temp as $$
  select whole where whole is not null
  union all
  (select p.relid::regclass
   from pg_partition_tree(whole) p
   where p.relid <> whole
     and (select c.relnamespace from pg_class c where c.oid = p.relid) = (select r.relnamespace from pg_class r where r.oid = whole)
   order by p.level, p.relid)
$$;

-- The same, its partitions wherever they are. As an array, for which the planner goes by the catalogs' indexes.
create or replace function crossfade.all_parts(whole regclass) returns oid[]
language sql stable set search_path = pg_catalog, pg_temp as $$
  select array(select whole::oid where whole is not null union select p.relid::oid from pg_partition_tree(whole) p)
$$;

-- Tables with their partitions, and the indexes and sequences that are theirs: what gives up its name, or wants one, with them. By the
-- catalogs' indexes, as above.
create or replace function crossfade.pieces(whole regclass[]) returns setof oid
language sql stable set search_path = pg_catalog, pg_temp as $$
  with side as materialized (
    select array(select p.relation::oid from unnest(whole) t (name) cross join lateral crossfade.with_partitions(t.name) p (relation)) as tables
  )
  select unnest(tables) from side
  union
  select i.indexrelid from pg_index i where i.indrelid = any ((select tables from side)::oid[])
  union
  select s.oid
  from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
  where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = any ((select tables from side)::oid[]) and d.deptype in ('a', 'i')
$$;

-- Sequences that lose their names with the tables of `links` which give theirs away, each with the one that takes its name.
create or replace function crossfade.renamed_sequences(links jsonb) returns table (sequence oid, namesake oid)
language sql stable set search_path = pg_catalog, pg_temp as $$
  with link as materialized (
    select to_regclass(l.owner) as owner, to_regclass(l.follower) as follower, (parse_ident(l.after))[1] as schema
    from jsonb_to_recordset(links) as l (owner text, follower text, after text)
  ), taking as materialized (
    select t.schema, s.relname, s.oid
    from (select l.schema, array_agg(distinct l.follower) as tables from link l where l.follower is not null group by l.schema) t
    cross join lateral crossfade.pieces(t.tables) p (relation) join pg_class s on s.oid = p.relation and s.relkind = 'S'
  )
  select s.oid, t.oid
  from crossfade.pieces(array(select distinct l.owner from link l where l.owner is not null)) p (relation)
  join pg_class s on s.oid = p.relation and s.relkind = 'S' join pg_namespace n on n.oid = s.relnamespace
  left join taking t on t.schema = n.nspname and t.relname = s.relname
$$;

-- A partition that is made while its table's triggers rest has clones of them that are born asleep. They are written down as the table's are, before
-- the partition has its fence; what was asleep in one that has it was put to sleep there by somebody.
create or replace function crossfade.note_clones_asleep(migration_name text, whole regclass) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  with recursive asleep (oid) as (
    select t.oid
    from crossfade.disabled_trigger d join pg_trigger t on t.tgrelid = d.relation and t.tgname = d.name
    where d.migration = migration_name and d.relation = any (crossfade.all_parts(whole))
    union
    select c.oid
    from asleep a join pg_trigger t on t.oid = a.oid join pg_inherits i on i.inhparent = t.tgrelid join pg_trigger c on c.tgrelid = i.inhrelid and c.tgparentid = t.oid
    where c.tgenabled = 'D' and not exists (select from pg_trigger f where f.tgrelid = c.tgrelid and f.tgname = 'crossfade_fence')
  )
  insert into crossfade.disabled_trigger (migration, relation, name)
  select migration_name, t.tgrelid, t.tgname from asleep a join pg_trigger t on t.oid = a.oid
  where exists (select from pg_trigger f where f.tgrelid = whole and f.tgname = 'crossfade_fence')
  on conflict do nothing
$$;

-- A fence on a table is passed by whoever writes a partition by its own name, so each has one. Those that are there stay. Returns on
-- how many tables one was put.
create or replace function crossfade.put_fences(migration_name text, follower regclass, owning text) returns int
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  part record;
  made int := 0;
begin
  perform crossfade.note_clones_asleep(migration_name, follower);
  for part in
    select c.oid::regclass as name, t.oid is not null as is_there
    from pg_class c
    left join pg_trigger t on t.tgrelid = c.oid and t.tgname = 'crossfade_fence'
    where c.oid = any (crossfade.all_parts(follower)) and c.relkind in ('r', 'p')
      and (t.oid is null or t.tgenabled in ('O', 'R'))
  loop
    if not part.is_there then
      execute format('create trigger crossfade_fence before insert or update or delete or truncate on %s for each statement execute function crossfade.fence(%L, %L%s)',
                     part.name, migration_name, owning, case when part.name <> follower then ', ''partition''' else '' end);
    end if;
    -- Who calls himself a replica (session_replication_role) writes by mistake as well as anybody.
    execute format('alter table only %s enable always trigger crossfade_fence', part.name);
    made := made + 1;
  end loop;
  return made;
end $$;

-- The same while the migration follows. Whoever has moved the writes meanwhile had the table while we waited for it: then it stays as he made it.
create or replace function crossfade.put_fences_again(migration_name text, follower regclass, owning text) returns int
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  made int := crossfade.put_fences(migration_name, follower, owning);
begin
  if made > 0 and not exists (select from crossfade.migration m where m.name = migration_name and m.phase <> 'completed'
                                                              and m.direction = case owning when 'v1' then 'forward' else 'reverse' end) then
    raise exception using errcode = '55P03', message = format('migration %s does not follow in this direction any more', migration_name);
  end if;
  return made;
end $$;

-- The opposite. Of a table that is not there nothing is to be taken off.
create or replace function crossfade.take_fences(owned text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  fenced record;
begin
  for fenced in
    select t.tgrelid::regclass as name
    from pg_trigger t
    where t.tgname = 'crossfade_fence' and t.tgrelid = any (crossfade.all_parts(to_regclass(owned)))
  loop
    execute format('drop trigger crossfade_fence on %s', fenced.name);
  end loop;
end $$;

-- A partition that was detached while its table followed is its owner's again: nothing fills it any more. `owning`: as its fence has it, which was put
-- on a partition; without it, whatever has a fence: where the tables that followed have given up theirs, and no others have them yet.
create or replace function crossfade.free_detached(migration_name text, owning text default null) returns int
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  stray oid;
  freed int := 0;
begin
  for stray in
    select c.oid
    from pg_depend d join pg_trigger t on t.oid = d.objid join pg_class c on c.oid = t.tgrelid
    cross join lateral string_to_array(encode(t.tgargs, 'escape'), '\000') a (said)
    where d.classid = 'pg_trigger'::regclass and d.refclassid = 'pg_proc'::regclass and d.refobjid = 'crossfade.fence()'::regprocedure and t.tgname = 'crossfade_fence'
      and a.said[1] = encode(convert_to(migration_name, 'UTF8'), 'escape')
      and (owning is null or a.said[2] = owning and a.said[3] = 'partition' and not c.relispartition)
      and pg_has_role(c.relowner, 'USAGE')
  loop
    perform crossfade.enable_triggers(migration_name, stray);
    perform crossfade.take_fences(stray::regclass::text);
    freed := freed + 1;
  end loop;
  return freed;
end $$;

-- A table changes its schema with its partitions; their indexes, constraints and sequences come along.
create or replace function crossfade.relocate(whole regclass, schema name) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  part record;
begin
  for part in select w as name, (select p.relkind from pg_class p where p.oid = w) as kind from crossfade.with_partitions(whole) w loop
    execute format('alter %s %s set schema %I', case part.kind when 'f' then 'foreign table' else 'table' end, part.name, schema);
  end loop;
end $$;

-- The statement that makes room for a row that no partition is for. `part`: the partitioned table of the tree of `whole` that has none;
-- `detail`: what the server said of the row. A range is made as wide as its nearest neighbour. Null where no partition is missing.
create or replace function crossfade.partition_for(whole regclass, part text, detail text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  parent record;
  wanted text := substring(detail from '\) = \((.*)\)');
  neighbour record;
  low text;
  high text;
begin
  select c.oid, c.oid::regclass as name, n.nspname, c.relname, p.partstrat, p.partnatts, a.atttypid::regtype as type, p.partattrs[0] = 0 as computed
  into parent
  from pg_partition_tree(whole) t
  join pg_class c on c.oid = t.relid and c.relkind = 'p' and c.relname = part
  join pg_namespace n on n.oid = c.relnamespace
  join pg_partitioned_table p on p.partrelid = c.oid
  left join pg_attribute a on a.attrelid = c.oid and a.attnum = p.partattrs[0]
  -- A check may be called as the table is.
  where not exists (select from pg_constraint k where k.contype = 'c' and k.conname = part and k.conrelid in (select relid from pg_partition_tree(whole)));
  if not found then
    return null;
  end if;
  if parent.partstrat = 'l' and wanted is not null then
    return format('create table %I.%I partition of %s for values in (%s)', parent.nspname, left(parent.relname, 40) || '_' || lower(regexp_replace(left(wanted, 20), '\W+', '_', 'g')),
                  parent.name, case when wanted = 'null' then 'null' else quote_literal(wanted) end);
  end if;
  if parent.partstrat <> 'r' or parent.partnatts <> 1 or parent.computed or wanted is null
     or parent.type not in ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype) then
    return format('create table %I.%I partition of %s %s', parent.nspname, left(parent.relname, 50) || '_more', parent.name,
                  case when parent.partstrat = 'h' then 'for values with (modulus ..., remainder ...)' when parent.partnatts = 1 and wanted is not null then format('for values from (%L) to (...)', wanted)
                       else 'for values from (...) to (...)' end);
  end if;
  if parent.type in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) then
    select b.low::numeric as low, b.high::numeric - b.low::numeric as width into neighbour
    from crossfade.bounds_of(parent.oid) b order by abs(b.low::numeric - wanted::numeric) limit 1;
    low := (neighbour.low + floor((wanted::numeric - neighbour.low) / neighbour.width) * neighbour.width)::text;
    high := (low::numeric + neighbour.width)::text;
  else
    select b.low::timestamp as low, age(b.high::timestamp, b.low::timestamp) as width into neighbour
    from crossfade.bounds_of(parent.oid) b order by abs(extract(epoch from b.low::timestamp - wanted::timestamp)) limit 1;
    -- Of one that is far off nobody wants the partitions between counted.
    if abs(extract(epoch from wanted::timestamp - neighbour.low)) > 10000 * extract(epoch from neighbour.width) then
      neighbour.low := null;
    end if;
    select max(g)::text, (max(g) + neighbour.width)::text into low, high
    from generate_series(neighbour.low, wanted::timestamp, neighbour.width) g
    where neighbour.low <= wanted::timestamp;
    if low is null then
      select min(g)::text, (min(g) + neighbour.width)::text into low, high
      from generate_series(neighbour.low, wanted::timestamp - neighbour.width, - neighbour.width) g where g + neighbour.width > wanted::timestamp;
    end if;
    if parent.type = 'date'::regtype then
      low := low::timestamp::date::text;
      high := high::timestamp::date::text;
    end if;
  end if;
  return format('create table %I.%I partition of %s for values from (%L) to (%s)', parent.nspname,
                left(parent.relname, 40) || '_' || regexp_replace(regexp_replace(coalesce(low, wanted), ' 00:00:00$', ''), '\W+', '_', 'g'), parent.name, coalesce(low, wanted),
                coalesce(quote_literal(high), '...'));
exception when others then
  -- An advice that cannot be given must not undo what it is about.
  return null;
end $$;

-- The ranges of a table's partitions that have two ends, of one column.
create or replace function crossfade.bounds_of(parent oid) returns table (low text, high text)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select b[1], b[2]
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  cross join regexp_match(pg_get_expr(c.relpartbound, c.oid), '^FOR VALUES FROM \(''?([^'',]+)''?\) TO \(''?([^'',]+)''?\)$') b
  where i.inhparent = parent and b[1] not in ('MINVALUE', 'MAXVALUE') and b[2] not in ('MINVALUE', 'MAXVALUE')
$$;

-- A foreign key that holds for new rows from now on, and for old ones once they are read, which keeps no writer waiting. `template` makes it,
-- not valid, of the table %1$s. One of a partitioned table cannot be that before PostgreSQL 18: until all are validated each partition has
-- its own, which the key of the whole then takes over as they are. `validated`: it is to be in the end.
create or replace function crossfade.make_key(migration_name text, referring regclass, key name, template text, validated boolean) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  leaves regclass[] := array(select relid from pg_partition_tree(referring) where isleaf and relid <> referring order by relid);
  is_empty boolean := (select relkind = 'p' from pg_class where oid = referring) and cardinality(leaves) = 0;
  each regclass;
begin
  if is_empty or not validated or cardinality(leaves) = 0 then
    leaves := array[referring];
  end if;
  foreach each in array leaves loop
    execute case when is_empty then regexp_replace(format(template, each), ' not valid(;\n|$)', '\1') else format(template, each) end;
    insert into crossfade.unvalidated (migration, relation, name) select migration_name, each, key where validated on conflict do nothing;
  end loop;
  insert into crossfade.unvalidated (migration, relation, name) select migration_name, referring, key where validated on conflict do nothing;
end $$;

-- Keys that were made so and do not hold for old rows yet, with the statement that sees to it. `whole`: all partitions have theirs by now, and
-- their table is given its own: nothing is read, and writers wait as long as that takes. What is not `ready` waits for a partition.
create or replace function crossfade.keys_to_validate(migration_name text) returns table (relation regclass, name name, statement text, whole boolean, ready boolean)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select u.relation::regclass, u.name, format('alter table %s validate constraint %I', u.relation::regclass, u.name), false, true
  from crossfade.unvalidated u
  join pg_constraint k on k.conrelid = u.relation and k.conname = u.name and k.contype = 'f' and not k.convalidated
  where u.migration = migration_name
  union all
  select u.relation::regclass, u.name,
         format('alter table %s add constraint %I %s', u.relation::regclass, u.name, regexp_replace(pg_get_constraintdef(leaf.key), ' NOT VALID$', ''))
           || coalesce(format('; comment on constraint %I on %s is %L', u.name, u.relation::regclass, obj_description(leaf.key, 'pg_constraint')), ''), true, leaf.convalidated
  from crossfade.unvalidated u
  cross join lateral (
    select k.oid as key, k.convalidated from pg_partition_tree(u.relation) p
    join pg_constraint k on k.conrelid = p.relid and k.conname = u.name and k.contype = 'f' and k.conparentid = 0
    where p.isleaf order by k.convalidated limit 1
  ) leaf
  where u.migration = migration_name and not exists (select from pg_constraint k where k.conrelid = u.relation and k.conname = u.name)
$$;
