-- What the flip of the writes does to names and sequences. Called in the transaction that holds the locks.

-- What a table, index or sequence of v1 is called once it has given up its name. One that has no room for the suffix is cut, and its
-- whole name's hash tells it from others that begin alike. The program says the same.
create or replace function crossfade.retired_name(name text) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select case when octet_length(convert_to(name, 'UTF8')) <= 60 then name || '_v1'
              else (select left(name, n) from generate_series(1, length(name)) n where octet_length(convert_to(left(name, n), 'UTF8')) <= 51 order by n desc limit 1)
                   || '_' || left(md5(convert_to(name, 'UTF8')), 8) || '_v1' end
$$;

-- Pieces of a migration that are to be renamed (`relations` to `names`), in an order in which each finds its new name free: one that is
-- called as another wants to be goes first.
create or replace function crossfade.in_turn(relations oid[], names text[]) returns setof oid
language sql stable set search_path = pg_catalog, pg_temp as $$
  with recursive piece as materialized (
    select w.relation, w.wanted, c.relname::text as name, c.relnamespace as schema
    from unnest(relations, names) w (relation, wanted) join pg_class c on c.oid = w.relation
  ), turn (relation, wanted, schema, steps) as (
    select p.relation, p.wanted, p.schema, 0 from piece p
    union all
    -- Behind the one that has its name.
    select t.relation, p.wanted, p.schema, t.steps + 1
    from turn t join piece p on p.name = t.wanted and p.schema = t.schema and p.relation <> t.relation
    where t.steps < 20
  )
  select relation from turn group by relation order by max(steps), relation
$$;

-- v1's tables give up their names, and with them the names of their indexes and sequences, which the tables that take their place
-- want: exercises becomes exercises_v1, its partitions likewise. What each was called is written down, so that the way back need not guess.
create or replace function crossfade.retire(migration_name text, variadic retired regclass[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  pieces oid[] := array(select crossfade.pieces(retired));
  wanted text[] := array(select crossfade.retired_name(c.relname) from unnest(pieces) with ordinality p (relation, place)
                         join pg_class c on c.oid = p.relation order by p.place);
  piece record;
begin
  insert into crossfade.retired (migration, relation, kind, name)
  select migration_name, c.oid, c.relkind, c.relname from pg_class c where c.oid = any (pieces);
  for piece in
    select c.oid::regclass as place, c.relkind as kind, wanted[array_position(pieces, c.oid)] as name
    from crossfade.in_turn(pieces, wanted) with ordinality t (relation, place)
    join pg_class c on c.oid = t.relation
    order by t.place
  loop
    execute format('alter %s %s rename to %I', case piece.kind when 'S' then 'sequence' when 'i' then 'index' when 'I' then 'index' else 'table' end,
                   piece.place, piece.name);
  end loop;
end $$;

-- What was retired, as it is there now: an index that was built anew meanwhile is another relation, of the same name and table.
create or replace function crossfade.retired_by_now(migration_name text) returns table (relation oid, name text, kind "char")
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(c.oid, anew.oid), r.name, r.kind
  from crossfade.retired r left join pg_class c on c.oid = r.relation
  left join lateral (
    select i.indexrelid as oid
    from crossfade.retired t join pg_index i on i.indrelid = t.relation join pg_class x on x.oid = i.indexrelid and x.relname = crossfade.retired_name(r.name)
    where t.migration = migration_name and t.kind in ('r', 'p')
      and not exists (select from crossfade.retired o where o.migration = migration_name and o.relation = i.indexrelid)
    limit 1
  ) anew on c.oid is null and r.kind in ('i', 'I')
  where r.migration = migration_name and coalesce(c.oid, anew.oid) is not null
$$;

-- The opposite, for all tables of the migration. What was dropped meanwhile stays away.
create or replace function crossfade.reinstate(migration_name text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  piece record;
begin
  for piece in
    select c.oid::regclass as place, r.name, r.kind
    from (select array_agg(r.relation order by r.relation) as relations, array_agg(r.name order by r.relation) as names
          from crossfade.retired_by_now(migration_name) r) every
    cross join lateral crossfade.in_turn(every.relations, every.names) with ordinality t (relation, place)
    join pg_class c on c.oid = t.relation
    join crossfade.retired_by_now(migration_name) r on r.relation = t.relation
    order by t.place
  loop
    execute format('alter %s %s rename to %I', case piece.kind when 'S' then 'sequence' when 'i' then 'index' when 'I' then 'index' else 'table' end,
                   piece.place, piece.name);
  end loop;
  delete from crossfade.retired r where r.migration = migration_name;
end $$;

-- The sequences that give columns their values: their own, and those that their defaults draw from.
create or replace view crossfade.column_sequence as
  select a.attrelid as relation, a.attname::text as name, s.seqrelid, s.seqincrement, s.seqmin, s.seqmax
  from pg_catalog.pg_sequence s
  join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::regclass and d.objid = s.seqrelid
                             and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
  join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  union
  select f.adrelid, a.attname::text, s.seqrelid, s.seqincrement, s.seqmin, s.seqmax
  from pg_catalog.pg_sequence s
  join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_attrdef'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = s.seqrelid
  join pg_catalog.pg_attrdef f on f.oid = d.objid
  join pg_catalog.pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum;

-- Of `pairs` (own, own_column, other, other_column; without columns those of one name) the ones whose own column has a sequence.
create or replace function crossfade.sequence_pairs(pairs jsonb) returns table (own oid, own_column text, other oid, other_column text)
language sql stable set search_path = pg_catalog, pg_temp as $$
  with pair as materialized (
    select to_regclass(p.own)::oid as own, p.own_column, to_regclass(p.other)::oid as other, p.other_column
    from jsonb_to_recordset(pairs) as p (own text, own_column text, other text, other_column text)
  ), sequence as materialized (
    select distinct relation, name from crossfade.column_sequence
  )
  select distinct s.relation, s.name, p.other, coalesce(p.other_column, s.name)
  from pair p join sequence s on s.relation = p.own and (p.own_column is null or s.name = p.own_column)
$$;

-- The last value that whoever draws from a sequence may use: a client that is given one of a sequence of steps may hand out the
-- whole block by itself. Null where it has given none, or goes the other way than one of `step`.
create or replace function crossfade.reach_of(sequence oid, increment bigint, step bigint) returns bigint
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case when sign(increment) = sign(step)
              then least(greatest(pg_sequence_last_value(sequence)::numeric + increment - sign(increment), -9223372036854775808), 9223372036854775807)::bigint end
$$;

-- A column's sequences go beyond what either side has given out: beyond the rows that came over, and beyond what the other side's
-- sequences have given, which may be in a client's hands, or have been deleted. They never go back, so a flip that is rolled back
-- does no harm, though setval() does not roll back. What a server far away has given is handed in: the highest, and the lowest.
create or replace function crossfade.advance_sequence(writable regclass, own_column text, other regclass, other_column text,
                                                      upward bigint default null, downward bigint default null) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  given record;
  reached bigint;
  -- The last of the sequence's own values that is not beyond it, so that one of steps keeps step.
  onward numeric;
begin
  for given in
    select s.seqrelid, s.seqincrement as step, s.seqmin, s.seqmax, pg_sequence_last_value(s.seqrelid) as last,
           (select q.seqstart from pg_sequence q where q.seqrelid = s.seqrelid) as start,
           a.atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) as counts,
           (select case when s.seqincrement > 0 then greatest(upward, max(crossfade.reach_of(o.seqrelid, o.seqincrement, s.seqincrement)))
                        else least(downward, min(crossfade.reach_of(o.seqrelid, o.seqincrement, s.seqincrement))) end
            from crossfade.column_sequence o where o.relation = other and o.name = other_column and o.seqrelid <> s.seqrelid) as others
    from crossfade.column_sequence s
    join pg_attribute a on a.attrelid = writable and a.attname = own_column
    where s.relation = writable and s.name = own_column
  loop
    reached := null;
    if given.counts then
      execute format('select %s(%I) from %s', case when given.step > 0 then 'max' else 'min' end, own_column, writable) into reached;
    end if;
    if given.step > 0 then
      reached := greatest(reached, given.others);
      continue when reached is null or reached <= coalesce(given.last::numeric, given.start::numeric - given.step);
    else
      reached := least(reached, given.others);
      continue when reached is null or reached >= coalesce(given.last::numeric, given.start::numeric - given.step);
    end if;
    if reached not between given.seqmin and given.seqmax then
      raise exception 'sequence % cannot go beyond %, which the other side has given', given.seqrelid::regclass, reached
        using errcode = 'sequence_generator_limit_exceeded', hint = format('alter sequence %s as bigint no maxvalue', given.seqrelid::regclass);
    end if;
    onward := coalesce(given.last, given.start);
    onward := onward + floor((reached - onward) / given.step) * given.step;
    continue when onward not between given.seqmin and given.seqmax or onward = given.last;
    perform setval(given.seqrelid::regclass, onward::bigint);
  end loop;
end $$;

-- The tables, and the sequences that give their ids, which change their names with them: whoever has drawn from one keeps it as it is to the
-- end of his transaction.
create or replace function crossfade.with_sequences(tables text[]) returns setof oid
language sql stable set search_path = pg_catalog, pg_temp as $$
  with named as (
    select to_regclass(name)::oid as relation from unnest(tables) name
  )
  select relation from named where relation is not null
  union
  select s.oid from named join pg_depend d on d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = named.relation and d.deptype in ('a', 'i')
  join pg_class s on s.oid = d.objid and s.relkind = 'S'
  union
  select s.oid from named join pg_attrdef a on a.adrelid = named.relation
  join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = a.oid and d.refclassid = 'pg_class'::regclass
  join pg_class s on s.oid = d.refobjid and s.relkind = 'S'
$$;

-- The same for pairs of tables and columns; all in one statement, because writers wait for it.
create or replace function crossfade.advance_sequences(pairs jsonb) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  select crossfade.advance_sequence(own, own_column, other, other_column) from crossfade.sequence_pairs(pairs)
$$;

-- A default that draws from sequence `old` draws from `successor`, as both are called now. Who could draw can.
create or replace function crossfade.draw_from(drawing oid, attribute int, old oid, successor oid) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  expression text := (select pg_get_expr(f.adbin, f.adrelid) from pg_attrdef f where f.adrelid = drawing and f.adnum = attribute);
  column_name name := (select a.attname from pg_attribute a where a.attrelid = drawing and a.attnum = attribute);
  made text := replace(expression, quote_literal(old::regclass) || '::regclass', quote_literal(successor::regclass) || '::regclass');
  holder record;
begin
  if made is null or made = expression then
    raise exception 'the default of %.% does not draw from sequence % any more', drawing::regclass, quote_ident(column_name), old::regclass using errcode = 'object_not_in_prerequisite_state';
  end if;
  execute format('alter table only %s alter column %I set default %s', drawing::regclass, column_name, made);
  for holder in
    select distinct case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end as name
    from pg_class s cross join aclexplode(coalesce(s.relacl, acldefault('s', s.relowner))) a
    where s.oid = old and a.privilege_type in ('USAGE', 'UPDATE')
      and not exists (select from pg_class n cross join aclexplode(coalesce(n.relacl, acldefault('s', n.relowner))) h
                      where n.oid = successor and h.grantee in (a.grantee, 0) and h.privilege_type in ('USAGE', 'UPDATE'))
  loop
    execute format('grant usage on sequence %s to %s', successor::regclass, holder.name);
  end loop;
end $$;

-- Who may put rows into a table may draw from a sequence that its defaults draw from, whatever that is called by now.
create or replace function crossfade.let_draw(sequence oid, holder text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute format('grant usage on sequence %s to %s', sequence::regclass, holder);
end $$;

-- A thing that v2's tables use goes to the schema that they go to, and is written down for the way back.
create or replace function crossfade.move_along(migration_name text, kind text, class oid, object oid, schema name) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute format('alter %s %s set schema %I', kind, (pg_identify_object(class, object, 0)).identity, schema);
  insert into crossfade.moved (migration, kind, class, object) values (migration_name, kind, class, object) on conflict do nothing;
end $$;

-- A table that follows belongs to the daemon's role meanwhile: its owner could attach code to it, which whoever writes it runs. The owner
-- may go on reading it; nobody but the daemon makes triggers on it. `returns`: it is written down for the way back, or the end.
create or replace function crossfade.lend_table(migration_name text, lent oid, returns boolean) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  daemon name := (select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'crossfade');
  piece record;
  holder record;
begin
  for piece in
    select c.oid, c.oid::regclass as place, pg_get_userbyid(c.relowner) as owner, n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.oid = any (crossfade.all_parts(lent)) and pg_get_userbyid(c.relowner) <> daemon
  loop
    if returns then
      insert into crossfade.moved (migration, kind, class, object) values (migration_name, 'owner ' || quote_ident(piece.owner), 'pg_class'::regclass, piece.oid)
      on conflict do nothing;
    end if;
    insert into crossfade.withheld (migration, relation, attnum, grantee, privilege, grantable)
    select migration_name, piece.oid, a.attnum, a.grantee, a.privilege_type, bool_or(a.is_grantable)
    from (select 0 as attnum, x.* from pg_class c cross join aclexplode(c.relacl) x where c.oid = piece.oid
          union all
          select t.attnum, x.* from pg_attribute t cross join aclexplode(t.attacl) x where t.attrelid = piece.oid and not t.attisdropped) a
    where a.grantee = quote_ident(daemon)::regrole or a.privilege_type = 'TRIGGER' and a.grantee <> quote_ident(piece.owner)::regrole
    group by a.attnum, a.grantee, a.privilege_type
    on conflict do nothing;
    execute format('alter table %s owner to %I', piece.place, daemon);
    execute format('grant select on %s to %I', piece.place, piece.owner);
    for holder in
      select distinct case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end as name
      from pg_class c cross join aclexplode(c.relacl) a where c.oid = piece.oid and a.privilege_type = 'TRIGGER' and a.grantee <> c.relowner
    loop
      execute format('revoke trigger on %s from %s cascade', piece.place, holder.name);
    end loop;
  end loop;
end $$;

-- What was withheld, once whoever had the tables has them again. What is gone is gone.
create or replace function crossfade.allow_again(migration_name text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  given record;
begin
  for given in
    delete from crossfade.withheld w where w.migration = migration_name
    returning w.privilege, w.relation, w.grantee, w.grantable,
              (select a.attname from pg_attribute a where a.attrelid = w.relation and a.attnum = w.attnum and not a.attisdropped) as name, w.attnum
  loop
    continue when not exists (select from pg_class c where c.oid = given.relation) or given.attnum > 0 and given.name is null
      or given.grantee <> 0 and not exists (select from pg_roles r where r.oid = given.grantee);
    execute format('grant %s%s on %s to %s%s', given.privilege, ' (' || quote_ident(given.name) || ')', given.relation::regclass,
                   case given.grantee when 0 then 'public' else given.grantee::regrole::text end, case when given.grantable then ' with grant option' else '' end);
  end loop;
end $$;

-- A table that v2 goes by from now on, with its partitions, which belonged to the same role: the owner of what it takes the place of has it.
-- The daemon goes on reading it, since the way back is made of it; being its owner was all that it may have had. Foreign keys are checked
-- with the rights of the owner of the table referred to, which after a rollback is in the schema `shadow`.
create or replace function crossfade.hand_table_over(given regclass, new_owner name, shadow name) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  daemon name := (select r.rolname from pg_namespace n join pg_roles r on r.oid = n.nspowner where n.nspname = 'crossfade' and not r.rolsuper);
  present oid := (select relowner from pg_class where oid = given);
  piece regclass;
begin
  for piece in select c.oid from pg_class c where c.oid = any (crossfade.all_parts(given)) and c.relowner = present loop
    execute format('alter table %s owner to %I', piece, new_owner);
    if daemon is not null then
      execute format('grant select on %s to %I', piece, daemon);
    end if;
  end loop;
  execute format('grant usage on schema %I to %I', shadow, new_owner);
end $$;

create or replace function crossfade.give_tables_back(migration_name text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  piece record;
begin
  for piece in
    delete from crossfade.moved m where m.migration = migration_name and m.kind like 'owner %'
    returning substr(m.kind, 7) as owner, m.object
  loop
    continue when not exists (select from pg_class c where c.oid = piece.object);
    execute format('alter table %s owner to %s', piece.object::regclass, piece.owner);
  end loop;
  perform crossfade.allow_again(migration_name);
end $$;

-- A foreign key that a table was given, and that all its partitions may have got from it by now.
create or replace function crossfade.drop_key(migration_name text, key oid) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  given record;
begin
  select w.oid, w.conrelid, w.conname into given
  from pg_constraint k
  join pg_constraint w on w.oid = k.oid or w.conrelid = pg_partition_root(k.conrelid) and w.conname = k.conname and w.contype = 'f'
  where k.oid = key
  order by w.oid = k.oid limit 1;
  -- It went with the table's own.
  if not found then
    return;
  end if;
  delete from crossfade.unvalidated u
  where u.migration = migration_name and u.name = given.conname and (u.relation = given.conrelid or u.relation = pg_partition_root(given.conrelid));
  execute format('alter table %s drop constraint %I', given.conrelid::regclass, given.conname);
end $$;

-- The opposite, for all of the migration. What was dropped meanwhile stays away; a foreign key that v2's tables were given goes.
create or replace function crossfade.move_back(migration_name text, schema name) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  thing record;
begin
  perform crossfade.give_tables_back(migration_name);
  for thing in
    delete from crossfade.moved m where m.migration = migration_name
    returning m.kind, (pg_identify_object(m.class, m.object, 0)).identity, m.object
  loop
    continue when thing.identity is null;
    if thing.kind = 'foreign key' then
      perform crossfade.drop_key(migration_name, thing.object);
      continue;
    end if;
    execute format('alter %s %s set schema %I', thing.kind, thing.identity, schema);
  end loop;
end $$;

-- Triggers of a table that crossfade alone writes rest, as they do under the server's own logical replication: the application's
-- statement has fired them on the side that is written, and a second time they would change what was brought over. One that is
-- `enable always` is meant to fire here too. Those of foreign keys go on.
create or replace function crossfade.disable_triggers(migration_name text, follower regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  resting record;
begin
  for resting in
    select t.tgrelid::regclass as relation, t.tgname as name
    from pg_trigger t
    where t.tgrelid = any (crossfade.all_parts(follower))
      and not t.tgisinternal and t.tgenabled = 'O' and t.tgname <> 'crossfade_fence'
  loop
    execute format('alter table only %s disable trigger %I', resting.relation, resting.name);
    insert into crossfade.disabled_trigger (migration, relation, name) values (migration_name, resting.relation, resting.name) on conflict do nothing;
  end loop;
end $$;

-- The opposite, once applications write the table, before its fences go. What was dropped or enabled meanwhile is left as it is.
create or replace function crossfade.enable_triggers(migration_name text, owned regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  resting record;
begin
  perform crossfade.note_clones_asleep(migration_name, owned);
  for resting in
    delete from crossfade.disabled_trigger r
    where r.migration = migration_name and r.relation = any (crossfade.all_parts(owned))
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
create or replace function crossfade.continue_ids_of_surrogates(ids regclass, listed regclass) returns void
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
create or replace function crossfade.import_surrogate_ids(ids regclass, listed regclass, columns text[]) returns void
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

-- What v1 cannot take does not keep it from being written again: each key that is in quarantine goes into the table `kept`, with its reason
-- and with the rows of v2 that it is made of, as `rules` (target, locator, source, columns) find them: one line a row. Of a key that nobody
-- accepted there is one without a row where v2 has none. v2's own row of it may be gone as soon as v1 is written. The table is the
-- application's, and outlives crossfade. Returns how many keys.
create or replace function crossfade.set_rows_aside(migration_name text, flip text, kept text, rules jsonb, who text) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  refused record;
  rule record;
  written bigint;
  found_rows bigint;
  keys bigint := 0;
  made boolean := to_regclass(kept) is null;
  there boolean := false;
begin
  for refused in
    select q.* from crossfade.quarantine q where q.migration = migration_name order by q.first_at, q.key
  loop
    if not there then
      execute format('create table if not exists %s (at timestamptz not null default now(), flip text not null, target text not null, key text[] not null, '
                     'sqlstate text not null, reason text not null, relation text, content jsonb)', kept);
      perform crossfade.close_relation(kept::regclass);
      there := true;
    end if;
    found_rows := 0;
    for rule in
      select r.source, r.columns from jsonb_to_recordset(rules) as r (target text, locator text, source text, columns text[])
      where r.target = refused.target and r.locator = refused.locator
    loop
      execute (
        select format('insert into %s (flip, target, key, sqlstate, reason, relation, content) select $2, $3, $1, $4, $5, %L, to_jsonb(s.*) from %s s where %s', kept,
                      rule.source, rule.source,
                      string_agg(case when refused.key[c.place] is null then format('s.%I is null', c.name)
                                      else format('s.%I = ($1[%s])::%s', c.name, c.place, format_type(a.atttypid, a.atttypmod)) end, ' and '))
        from unnest(rule.columns) with ordinality c (name, place)
        join pg_attribute a on a.attrelid = rule.source::regclass and a.attname = c.name
      ) using refused.key, flip, refused.target, refused.sqlstate, refused.message;
      get diagnostics written = row_count;
      found_rows := found_rows + written;
    end loop;
    continue when found_rows = 0 and refused.accepted_by is not null;
    if found_rows = 0 then
      execute format('insert into %s (flip, target, key, sqlstate, reason) values ($1, $2, $3, $4, $5)', kept)
        using flip, refused.target, refused.key, refused.sqlstate, refused.message;
    end if;
    keys := keys + 1;
  end loop;
  if there and made and keys = 0 then
    execute format('drop table %s', kept);
  end if;
  update crossfade.quarantine set accepted_by = who where migration = migration_name and accepted_by is null;
  return keys;
end $$;

-- A foreign key of v2 to a table that stays: it is taken off until v2 owns the data, and what it was is written down. Validated it is
-- again afterwards if it was, or was about to be.
create or replace function crossfade.leave_key_out(migration_name text, target_name text, key oid) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  k record;
begin
  select c.conname, c.conrelid, c.confrelid, c.conrelid::regclass as relation, replace(quote_ident(c.conname), '%', '%%') as named,
         replace(regexp_replace(pg_get_constraintdef(c.oid), ' NOT VALID$', ''), '%', '%%') as definition,
         replace(quote_literal(obj_description(c.oid, 'pg_constraint')), '%', '%%') as comment,
         c.convalidated or exists (select from crossfade.unvalidated u where u.migration = migration_name and u.relation = c.conrelid and u.name = c.conname) as validated
  into strict k from pg_constraint c where c.oid = key;
  insert into crossfade.deferred (migration, target, name, stage, create_sql, validate_sql, refers_to)
  values (migration_name, target_name, format('%s to %s', k.conname, k.confrelid::regclass), 3,
          format('alter table %%1$s add constraint %s %s not valid', k.named, k.definition) || coalesce(E';\ncomment on constraint ' || k.named || ' on %1$s is ' || k.comment, ''),
          case when k.validated then format('alter table %%1$s validate constraint %s', k.named) end, k.confrelid)
  on conflict (migration, target, name) do update
  set stage = 3, create_sql = excluded.create_sql, validate_sql = excluded.validate_sql, refers_to = excluded.refers_to, built = false;
  execute format('alter table %s drop constraint %I', k.relation, k.conname);
end $$;

-- What pg_cron runs in this database, as far as we may see it; nothing where it is not installed.
create or replace function crossfade.scheduled_jobs() returns table (name text, command text)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if to_regclass('cron.job') is null then
    return;
  end if;
  return query execute 'select coalesce(to_jsonb(j) ->> ''jobname'', j.jobid::text), j.command::text from cron.job j '
                       'where coalesce(to_jsonb(j) ->> ''database'', current_database()) = current_database()';
exception when insufficient_privilege then
  return;
end $$;
