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
