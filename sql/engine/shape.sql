-- What is followed must be what the views read. Whatever of that changes without a change of a row is in no stream: a table that
-- leaves the publication for a moment, a name that means another table, a partition that comes with its rows, a function that
-- says something else from now on. So it is remembered how all that was when the targets were last made right by it.
create table if not exists crossfade.watched (
  migration text not null references crossfade.migration on delete cascade,
  direction text not null,
  name text not null,                             -- of a view or a source, as regclass prints it
  relation oid not null,                          -- what it meant when the migration was held against the catalog
  is_view boolean not null,
  targets text[] not null,                        -- that it makes rows of
  columns text[] not null default '{}',           -- of a source: those that are followed, which a changed row's old image must have
  primary key (migration, direction, name)
);

-- What crossfade writes, which somebody may have write otherwise.
create table if not exists crossfade.written (
  migration text not null references crossfade.migration on delete cascade,
  direction text not null,
  target text not null,
  relation oid not null,
  name text not null default '',                  -- by which it is written, quoted
  primary key (migration, direction, target)
);

create table if not exists crossfade.shape (
  migration text not null references crossfade.migration on delete cascade,
  direction text not null,
  object text not null,
  title text not null,                            -- what people call it
  targets text[] not null,                        -- whose rows it makes
  state text not null,
  changed_at timestamptz not null default '-infinity',  -- what was proved before says nothing of this shape
  primary key (migration, direction, object)
);

create or replace function crossfade.publication_of(of_migration text, going text) returns text
language sql immutable set search_path = '' as $$ select 'crossfade_' || of_migration || case going when 'reverse' then '_reverse' else '' end $$;

-- What a row of it is made of, a table's or a composite type's.
create or replace function crossfade.attributes_of(relation oid) returns text
language sql stable set search_path = '' as $$
  select string_agg(format('%s %s %s %s', a.attnum, a.attname, a.atttypid, a.atttypmod), ', ' order by a.attnum)
  from pg_attribute a where a.attrelid = relation and a.attnum > 0 and not a.attisdropped
$$;

-- How it is now: publication, members, partitions; and through the views between, by pg_depend: views, functions and those
-- that they call, labels of enums, domains, composite types. A catalog row's xmin tells of a change that was taken back, too. The bodies of
-- functions are no dependencies unless they are parsed: whatever function a body may name counts as called by it. In plpgsql, which
-- keeps the plans: this is asked once a second. Catalogs alone, and nothing that opens a table: whoever asks must not wait for one.
-- By their indexes and in little memory: what a planner guesses of a recursion makes it read every column and type of the database,
-- and clear tables for a million rows, to find a few.
create or replace function crossfade.shape_now(of_migration text, going text)
returns table (object text, title text, targets text[], state text)
language plpgsql stable set search_path = '' set jit = off set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set work_mem = '64kB' as $$
#variable_conflict use_column
begin
  return query
  with recursive watched as (
    select w.name, w.relation, w.is_view, w.targets, w.columns from crossfade.watched w where w.migration = of_migration and w.direction = going
  ), publication as (
    select p.oid, p.pubname, p.xmin::text as version from pg_publication p where p.pubname = crossfade.publication_of(of_migration, going)
  ), leaf as (
    select i.inhparent as root, i.inhrelid as relation, i.xmin::text as version
    from watched w join pg_inherits i on i.inhparent = w.relation where not w.is_view
    union all
    select l.root, i.inhrelid, i.xmin::text from leaf l join pg_inherits i on i.inhparent = l.relation
  ), written as (
    select w.target, w.name, w.relation, to_regclass(w.name)::oid as now from crossfade.written w where w.migration = of_migration and w.direction = going
  ), reached as (
    select t.target, to_regclass(w.name)::oid as relation from watched w cross join unnest(w.targets) t (target) where w.is_view
    union
    select r.target, d.refobjid
    from reached r
    join pg_rewrite v on v.ev_class = r.relation and v.rulename = '_RETURN'
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = v.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.relation
  ), uses as (
    select distinct r.target, d.refclassid as catalog, d.refobjid as object
    from reached r
    join pg_rewrite v on v.ev_class = r.relation and v.rulename = '_RETURN'
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = v.oid
    where d.refclassid in ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass, 'pg_ts_config'::regclass, 'pg_ts_dict'::regclass, 'pg_collation'::regclass)
  ), called as (
    select u.target, coalesce(o.oprcode::oid, u.object) as function
    from uses u left join pg_operator o on u.catalog = 'pg_operator'::regclass and o.oid = u.object
    where u.catalog in ('pg_proc'::regclass, 'pg_operator'::regclass)
    union
    select c.target, i.oid
    from called c
    join pg_proc p on p.oid = c.function
    join pg_language l on l.oid = p.prolang and (l.lanname not in ('internal', 'c') or p.prokind = 'a')
    left join pg_aggregate g on p.prokind = 'a' and g.aggfnoid = p.oid
    cross join lateral (select case p.prokind when 'a' then '' else lower(p.prosrc) end as folded offset 0) body  -- once, not for each function that it may name
    join pg_proc i on i.oid <> p.oid and i.pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    where strpos(body.folded, lower(i.proname)) > 0
       or i.oid in (g.aggtransfn, g.aggfinalfn, g.aggcombinefn)
       or exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                                            and d.refclassid = 'pg_proc'::regclass and d.refobjid = i.oid)
  ), typed as (
    select first.target, first.type
    from (select r.target, a.atttypid as type from reached r join pg_attribute a on a.attrelid = r.relation and a.attnum > 0 and not a.attisdropped
          union select u.target, u.object from uses u where u.catalog = 'pg_type'::regclass) first
    union
    select t.target, within.type
    from typed t
    join pg_type y on y.oid = t.type
    cross join lateral (select y.typelem as type union select y.typbasetype
                        union select a.atttypid from pg_attribute a where a.attrelid = y.typrelid and a.attnum > 0 and not a.attisdropped) within
    where within.type <> 0
  )
  select 'publication ' || p.oid, 'publication ' || p.pubname, (select array_agg(distinct t) from watched w, unnest(w.targets) t), p.version
  from publication p
  union all
  select 'member ' || w.relation, 'what is published of ' || w.name, w.targets, m.oid || ' ' || m.xmin
  from watched w cross join publication p join pg_publication_rel m on m.prpubid = p.oid and m.prrelid = w.relation
  where not w.is_view
  union all
  -- Of one that only inherits no change was followed: its rows do not say what has to be compared.
  select case r.relkind when 'p' then 'leaf ' else 'heir ' end || l.relation || ' ' || l.root,
         format(case r.relkind when 'p' then 'partition %s of %s' else 'table %s, which inherits from %s,' end, l.relation::regclass, w.name), w.targets,
         concat_ws(' ', l.version, pg_relation_filenode(l.relation))
  from leaf l join watched w on w.relation = l.root and not w.is_view join pg_class r on r.oid = l.root
  where not exists (select from pg_class c where c.oid = l.relation and c.relkind = 'p')
  union all
  select 'view ' || v.ev_class, 'view ' || v.ev_class::regclass, array_agg(distinct r.target), min(v.xmin::text)
  from reached r join pg_rewrite v on v.ev_class = r.relation and v.rulename = '_RETURN'
  group by v.ev_class
  union all
  -- A view follows a column that is called otherwise; who reads the stream knows it by its name.
  -- A function may read any column of a table that no view does, and whoever writes that anew may write other values into it: nothing of
  -- that is in the stream.
  select 'columns ' || w.relation, 'what is read of ' || w.name, w.targets,
         concat_ws(' ', string_agg(concat_ws(' ', a.attnum, a.attname, a.atttypid, a.atttypmod), ', ' order by a.attnum),
                   case when w.hidden then 'file ' || pg_relation_filenode(w.relation) end)
  from (select w.*, not w.is_view and not exists (select from reached r where r.relation = w.relation) as hidden from watched w) w
  left join pg_attribute a on a.attrelid = w.relation and a.attnum > 0 and not a.attisdropped
    and (a.attname = any (w.columns) or w.hidden
         or exists (select from reached r join pg_rewrite v on v.ev_class = r.relation and v.rulename = '_RETURN'
                    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = v.oid
                    where d.refclassid = 'pg_class'::regclass and d.refobjid = w.relation and d.refobjsubid = a.attnum))
  where not w.is_view
  group by w.relation, w.name, w.targets, w.hidden
  union all
  -- A generated column is written anew by another expression, since 17; without one it keeps what it has.
  select 'expression ' || a.attrelid || ' ' || a.attnum, format('the expression of column %I of %s', a.attname, w.name), w.targets, md5(d.adbin::text)
  from watched w
  join pg_attribute a on a.attrelid = w.relation and a.attnum > 0 and not a.attisdropped and a.attgenerated <> ''
  join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where not w.is_view
  union all
  -- Who shows a row as a whole shows each of its columns, and pg_depend knows of none. As if the whole of each of the view's tables was read.
  select 'row ' || c.oid, 'the whole row of ' || c.oid::regclass, array_agg(distinct r.target), min(crossfade.attributes_of(c.oid))
  from reached r
  join pg_rewrite v on v.ev_class = r.relation and v.rulename = '_RETURN' and strpos(v.ev_action::text, ':varattno 0 ') > 0
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = v.oid and d.refclassid = 'pg_class'::regclass
  join pg_class c on c.oid = d.refobjid and c.relkind in ('r', 'p', 'f')
  group by c.oid
  union all
  select 'type ' || t.type, 'type ' || t.type::regtype, array_agg(distinct t.target), min(crossfade.attributes_of(y.typrelid))
  from typed t
  cross join lateral (select c.typrelid from pg_type c where c.oid = t.type and c.typtype = 'c' offset 0) y
  group by t.type
  union all
  -- What is written is found by its name: another table of that name has other rows than those that were written.
  select 'target ' || w.target, 'table ' || w.name, array[w.target], coalesce(w.now::text, '')
  from written w where w.name <> ''
  union all
  select 'part ' || c.oid, format('partition %s of %s', c.oid::regclass, w.name), array[w.target], ''
  from written w cross join unnest(crossfade.all_parts(w.now)) part (relation) join pg_class c on c.oid = part.relation and c.relkind <> 'p' and c.oid <> w.now
  union all
  -- While one of these is there, rows are not what is written; once it has gone, those that were written meanwhile still are not. Of v2
  -- alone: those of v1 are the application's, and rest from the flip on.
  select 'trigger ' || t.oid, format('trigger %I of %s', t.tgname, t.tgrelid::regclass), array[w.target], t.xmin || t.tgenabled::text
  from written w cross join unnest(crossfade.all_parts(w.relation)) part (relation)
  join pg_trigger t on t.tgrelid = part.relation and not t.tgisinternal and t.tgname <> 'crossfade_fence' and t.tgenabled in ('O', 'A')
  where going = 'forward'
  union all
  select 'rule ' || r.oid, format('rule %I of %s', r.rulename, r.ev_class::regclass), array[w.target], r.xmin || r.ev_enabled::text
  from written w cross join unnest(crossfade.all_parts(w.relation)) part (relation)
  join pg_rewrite r on r.ev_class = part.relation and r.ev_type <> '1' and r.ev_enabled in ('O', 'A')
  where going = 'forward'
  union all
  select 'function ' || p.oid, 'function ' || p.oid::regprocedure, array_agg(distinct c.target),
         min(md5(concat_ws(' ', p.prosrc, p.probin, p.prosqlbody, p.provolatile, p.proisstrict, p.proconfig))
             -- Ours come again, the same, with each migration that is prepared.
             || case when p.pronamespace = 'crossfade'::regnamespace then '' else ' ' || p.xmin::text end)
  from called c join pg_proc p on p.oid = c.function
  group by p.oid
  union all
  -- What a configuration does with words is in its map and in its dictionaries.
  select 'text search configuration ' || c.oid, 'text search configuration ' || c.oid::regconfig, array_agg(distinct u.target),
         min(concat_ws(' ', c.xmin, words.state))
  from uses u join pg_ts_config c on u.catalog = 'pg_ts_config'::regclass and c.oid = u.object
  cross join lateral (
    select string_agg(concat_ws(' ', m.maptokentype, m.mapdict, d.xmin), ', ' order by m.maptokentype, m.mapseqno) as state
    from pg_ts_config_map m join pg_ts_dict d on d.oid = m.mapdict where m.mapcfg = c.oid
  ) words
  group by c.oid
  union all
  select 'text search dictionary ' || d.oid, 'text search dictionary ' || d.oid::regdictionary, array_agg(distinct u.target), min(d.xmin::text)
  from uses u join pg_ts_dict d on u.catalog = 'pg_ts_dict'::regclass and d.oid = u.object
  group by d.oid
  union all
  select 'collation ' || c.oid, 'collation ' || c.oid::regcollation, array_agg(distinct u.target), min(coalesce(c.collversion, ''))
  from uses u join pg_collation c on u.catalog = 'pg_collation'::regclass and c.oid = u.object
  group by c.oid
  union all
  select 'label ' || e.oid, format('label %s of type %s', e.enumlabel, e.enumtypid::regtype), array_agg(distinct t.target), min(e.xmin::text)
  from typed t join pg_enum e on e.enumtypid = t.type
  group by e.oid, e.enumlabel, e.enumtypid
  union all
  -- A label that comes changes no row but where a view asks for all of them: by enum_first, enum_last or enum_range, which are no dependencies.
  select 'labels ' || t.type, 'the labels of type ' || t.type::regtype, array_agg(distinct t.target),
         min((select string_agg(e.enumlabel, ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.type))
  from typed t
  where exists (select from pg_enum e where e.enumtypid = t.type)
    and exists (select from reached r join pg_rewrite v on v.ev_class = r.relation and v.rulename = '_RETURN'
                where r.target = t.target and v.ev_action::text ~ ':funcid 35(28|29|30|31) ')
  group by t.type
  union all
  select 'domain ' || t.type, 'domain ' || t.type::regtype, array_agg(distinct t.target),
         min(concat_ws(' ', y.typtypmod, y.typnotnull,
                       (select string_agg(k.oid || ' ' || k.xmin, ' ' order by k.oid) from pg_constraint k where k.contypid = t.type)))
  from typed t
  cross join lateral (select d.typtypmod, d.typnotnull from pg_type d where d.oid = t.type and d.typtype = 'd' offset 0) y
  group by t.type;
end $$;

-- What the stream tells of, as one text: another one once the publication, or a partition of what it has, was changed, and be it changed
-- back. Far less than the above, because it is asked at each commit of the daemon.
create or replace function crossfade.stream_tells(of_migration text) returns text
language plpgsql stable set search_path = '' as $$
declare
  published text;
  leaves text;
begin
  select concat_ws(' ', p.oid, p.xmin, count(r.oid), sum(r.oid::bigint)) into published
  from crossfade.migration m
  join pg_publication p on p.pubname = crossfade.publication_of(m.name, m.direction)
  left join pg_publication_rel r on r.prpubid = p.oid
  where m.name = of_migration
  group by p.oid, p.xmin;
  with recursive leaf as (
    select i.inhrelid, i.xmin
    from crossfade.migration m
    join crossfade.watched w on w.migration = m.name and w.direction = m.direction and not w.is_view
    join pg_inherits i on i.inhparent = w.relation
    where m.name = of_migration
    union all
    select i.inhrelid, i.xmin from leaf l join pg_inherits i on i.inhparent = l.inhrelid
  )
  select concat_ws(' ', count(*), sum(l.inhrelid::bigint), sum(l.xmin::text::bigint)) into leaves from leaf l;
  return published || ' ' || leaves;
end $$;

-- Remembers it. `changed`: the targets are being made right by it, and what was proved of them before is void.
create or replace function crossfade.remember_shape(of_migration text, going text, changed boolean) returns void
language sql set search_path = '' set jit = off as $$
  delete from crossfade.shape s where s.migration = of_migration and s.direction = going;
  insert into crossfade.shape (migration, direction, object, title, targets, state, changed_at)
  select of_migration, going, n.object, n.title, n.targets, n.state, case when changed then clock_timestamp() else '-infinity' end
  from crossfade.shape_now(of_migration, going) n;
  -- Where v1 is on another server nothing that is remembered here may be of it, and what is proved is asked here, by this server's clock.
  update crossfade.other_server o set changed_at = clock_timestamp() where o.migration = of_migration and changed;
$$;

-- The same after an amend, in its transaction: the targets that it touched are still to be compared, and what was proved of them and of
-- new ones is void; of the others everything holds that did.
create or replace function crossfade.amend_shape(of_migration text, going text, touched text[], fresh text[]) returns void
language plpgsql set search_path = '' set jit = off as $$
declare
  before timestamptz := (select max(s.changed_at) from crossfade.shape s where s.migration = of_migration and s.direction = going);
begin
  perform crossfade.remember_shape(of_migration, going, false);
  update crossfade.shape s set changed_at = case when s.targets && (touched || fresh) then clock_timestamp() else coalesce(before, '-infinity') end
  where s.migration = of_migration and s.direction = going;
  insert into crossfade.shape (migration, direction, object, title, targets, state, changed_at)
  select of_migration, going, 'amended ' || t, 'the mapping of ' || t, array[t], 'to be compared', clock_timestamp() from unnest(touched) t;
end $$;

-- What keeps the stream from telling all that the views read, in the direction that the migration has; somebody has to mend it, by `fix`.
-- Quick: an amend asks for it while others wait for its locks.
create or replace function crossfade.shape_faults(of_migration text)
returns table (object text, title text, targets text[], detail text, fix text)
language plpgsql stable set search_path = '' set jit = off as $$
#variable_conflict use_column
begin
  return query
  with recursive going as (
    select m.direction, crossfade.publication_of(m.name, m.direction) as publication
    from crossfade.migration m where m.name = of_migration and m.phase <> 'completed'
  ), source as (
    select w.name, w.relation, w.targets, w.columns from crossfade.watched w join going g on w.direction = g.direction
    where w.migration = of_migration and not w.is_view
  ), leaf as (
    select s.name, s.targets, s.columns, i.inhrelid as relation from source s join pg_inherits i on i.inhparent = s.relation
    union all
    select l.name, l.targets, l.columns, i.inhrelid from leaf l join pg_inherits i on i.inhparent = l.relation
  ), identity as (
    -- What the old image of a row has; in every partition, a new one begins with the default.
    select l.name, l.targets, l.relation, l.columns, c.relispartition as is_partition, array(
             select a.attname::text from pg_index x join pg_attribute a on a.attrelid = l.relation and a.attnum = any ((x.indkey::int2[])[0:x.indnkeyatts - 1])
             where x.indrelid = l.relation and case c.relreplident when 'd' then x.indisprimary and x.indimmediate when 'i' then x.indisreplident else false end) as told
    from (select name, targets, columns, relation from leaf union all select name, targets, columns, relation from source) l
    join pg_class c on c.oid = l.relation and c.relkind = 'r' and c.relreplident <> 'f'
  ), every_target as (
    select coalesce(array_agg(distinct t), '{}') as targets from source s, unnest(s.targets) t
  )
  select 'publication', 'publication ' || g.publication, e.targets,
         format('publication %s is gone: what changes is not followed', g.publication),
         format('create publication %I for table %s with (publish_via_partition_root = true)', g.publication,
                (select string_agg(s.relation::regclass::text, ', ' order by s.name) from source s))
  from going g, every_target e
  where exists (select from source) and not exists (select from pg_publication p where p.pubname = g.publication)
  union all
  select 'publication ' || p.oid, 'publication ' || p.pubname, e.targets,
         format('publication %s leaves out %s', p.pubname,
                concat_ws(', ', case when not p.pubinsert then 'inserts' end, case when not p.pubupdate then 'updates' end,
                          case when not p.pubdelete then 'deletes' end, case when not p.pubtruncate then 'truncates' end)),
         format('alter publication %I set (publish = ''insert, update, delete, truncate'')', p.pubname)
  from going g join pg_publication p on p.pubname = g.publication, every_target e
  where exists (select from source) and not (p.pubinsert and p.pubupdate and p.pubdelete and p.pubtruncate)
  union all
  select 'publication ' || p.oid, 'publication ' || p.pubname, s.targets,
         format('publication %s tells of the partitions of %s by their own names', p.pubname, s.name),
         format('alter publication %I set (publish_via_partition_root = true)', p.pubname)
  from going g join pg_publication p on p.pubname = g.publication
  join source s on not p.pubviaroot join pg_class c on c.oid = s.relation and c.relkind = 'p'
  union all
  select 'identity ' || i.relation, i.what, i.targets,
         format('the WAL does not tell the old %s of rows of %s: its replica identity leaves that out', array_to_string(i.columns, ', '), i.what),
         format('alter table %s replica identity full', i.relation::regclass)
  from (select *, format(case when is_partition then 'partition %s of %s' else 'table %2$s' end, relation::regclass, name) as what from identity) i
  where not i.columns <@ i.told
  union all
  select 'unlogged ' || l.relation, format('partition %s of %s', l.relation::regclass, l.name), l.targets,
         format('changes of partition %s of %s are not in the WAL: it is %s', l.relation::regclass, l.name, case c.relkind when 'f' then 'a foreign table' else 'not logged' end),
         case c.relkind when 'f' then format('alter table %s detach partition %s', i.inhparent::regclass, l.relation::regclass)
           else format('alter table %s set logged', l.relation::regclass) end
  from leaf l join pg_class c on c.oid = l.relation and (c.relkind = 'f' or c.relkind = 'r' and c.relpersistence <> 'p')
  join pg_inherits i on i.inhrelid = l.relation
  union all
  select 'member ' || s.relation, 'what is published of ' || s.name, s.targets,
         format('publication %s does not have table %s: what changes there is not followed', p.pubname, s.name),
         format('alter publication %I add table %s', p.pubname, s.relation::regclass)
  from going g join pg_publication p on p.pubname = g.publication cross join source s
  where exists (select from pg_class c where c.oid = s.relation) and not p.puballtables
    and not exists (select from pg_publication_rel r where r.prpubid = p.oid and r.prrelid = s.relation)
  union all
  select 'member ' || s.relation, 'what is published of ' || s.name, s.targets,
         format('publication %s has but a part of table %s: %s', p.pubname, s.name,
                concat_ws(', ', case when to_jsonb(r) ->> 'prqual' is not null then 'a row filter' end,
                          case when to_jsonb(r) ->> 'prattrs' is not null then 'a list of columns' end)),
         format('alter publication %1$I drop table %2$s; alter publication %1$I add table %2$s', p.pubname, s.relation::regclass)
  from going g join pg_publication p on p.pubname = g.publication
  join pg_publication_rel r on r.prpubid = p.oid join source s on s.relation = r.prrelid
  where to_jsonb(r) ->> 'prqual' is not null or to_jsonb(r) ->> 'prattrs' is not null
  union all
  select 'child ' || i.inhrelid, format('table %s, which inherits from %s', i.inhrelid::regclass, s.name), s.targets,
         format('table %s inherits from %s: its rows are read with those of that one, and what changes in it is not followed', i.inhrelid::regclass, s.name),
         format('alter table %s no inherit %s', i.inhrelid::regclass, s.relation::regclass)
  from source s join pg_class c on c.oid = s.relation and c.relkind <> 'p' join pg_inherits i on i.inhparent = s.relation
  union all
  select case when c.oid is null then 'gone ' else 'name ' end || s.relation, 'table ' || s.name, s.targets,
         format('%s is not the table that is followed any more: that one %s', s.name,
                case when c.oid is null then 'is gone' else format('was renamed, and is %s now', c.oid::regclass) end),
         case when c.oid is null then 'crossfade cancel, and begin anew: nothing brings it back'
              when moved.by_migration is not null then
                format('migration %s has moved it: crossfade rollback writes of that one, or crossfade cancel of this one, and begin it anew', moved.by_migration)
              else concat_ws('; ', case when to_regclass(s.name) is not null then format('crossfade amend, and the table that is called so now is followed, with all that was written to it; '
                                                                                         'or, where it was not meant to be: alter table %s rename to %I', s.name, own[2] || '_other') end,
                             case when c.relnamespace::regnamespace::text <> quote_ident(own[1]) then format('alter table %s set schema %I', c.oid::regclass, own[1]) end,
                             case when c.relname <> own[2] then format('alter table %I.%I rename to %I', own[1], c.relname, own[2]) end) end
  from source s left join pg_class c on c.oid = s.relation cross join parse_ident(s.name) own
  left join lateral (
    select k.migration as by_migration from crossfade.source_column k join crossfade.migration m on m.name = k.migration and m.direction = 'reverse'
    where k.relation = s.relation and k.migration <> of_migration limit 1
  ) moved on true
  where to_regclass(s.name)::oid is distinct from s.relation;
end $$;

-- What is not as it was. `in_the_way`: a fault; the rest the daemon makes good by comparing the targets anew.
create or replace function crossfade.shape_changes(of_migration text)
returns table (object text, title text, targets text[], in_the_way boolean, how text, detail text, fix text)
language plpgsql stable set search_path = '' set jit = off as $$
#variable_conflict use_column
begin
  return query
  with going as (
    select m.direction from crossfade.migration m where m.name = of_migration and m.phase <> 'completed'
  ), fault as (
    select q.object, q.title, q.targets, q.detail, q.fix from crossfade.shape_faults(of_migration) q
  ), now as (
    select n.object, n.title, n.targets, n.state from going g cross join lateral crossfade.shape_now(of_migration, g.direction) n
  ), before as (
    select b.object, b.title, b.targets, b.state from crossfade.shape b join going g on b.direction = g.direction where b.migration = of_migration
  )
  select f.object, f.title, f.targets, true, '', f.detail, f.fix from fault f
  union all
  select coalesce(b.object, n.object), coalesce(b.title, n.title), coalesce(b.targets, n.targets), false,
         case when b.object like 'amended %' then 'amended' when b.object is null then 'come' when n.object is null then 'gone' else 'changed' end,
         format('%s %s since the rows of %s were made', coalesce(b.title, n.title),
                case when b.object like 'amended %' then 'was amended' when b.object is null then 'has come' when n.object is null then 'has gone' else 'has changed' end,
                array_to_string(coalesce(b.targets, n.targets), ', ')),
         case when b.object like 'view %' and n.object is null and to_regclass(substr(b.title, 6)) is null
                and exists (select from crossfade.migration m where m.name = of_migration and (parse_ident(substr(b.title, 6)))[1] = any (m.made_schemas))
              then 'crossfade amend: it makes the view again'
              else 'crossfade run: a daemon compares them anew by itself' end
  from before b full join now n on n.object = b.object
  where n.state is distinct from b.state
    -- Before anything is remembered, everything is new, but where v2 alone is here: there it may be nothing. And a label that nobody had
    -- changes no row; and a table that was not known of was written as well.
    and (exists (select from before) or exists (select from crossfade.other_server s where s.migration = of_migration and s.here = 'target')) and not (b.object is null and (n.object like 'label %' or n.object like 'target %'))
    and not ((b.object is null or n.object is null) and coalesce(b.object, n.object) like 'expression %')
    and not exists (select from fault f where f.object = coalesce(b.object, n.object))
  order by 4 desc, 1, 6;
end $$;
