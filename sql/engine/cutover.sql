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
