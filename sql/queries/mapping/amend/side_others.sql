-- What else stands in a schema and says what its tables are: kind, what, definition, and what makes it so and takes it away, where that is
-- carried over; of which table and column. Kinds: 'enum'; 'grant'; 'other' and 'said', of which what stands in the database is held against what v2.sql says; 'option', which
-- crossfade may have set otherwise, or whoever runs the database: what v2.sql says is held against what it said. 'anew': what is there goes before
-- another one comes. $2: '' for a schema that was made of v2.sql alone, whose rows are those that v2.sql puts into its tables.
with relation as (
  select c.oid, c.relname, c.relkind, c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity, c.relpartbound, c.relreplident, c.reloptions, c.relpersistence,
         c.relam, c.reltablespace, c.reltoastrelid
  from pg_class c where c.relnamespace = to_regnamespace(quote_ident($1))
), commented as (
  select format('%s %s', case r.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' when 'i' then 'index' when 'I' then 'index' else 'table' end, r.oid::regclass) as what, d.description, r.relname::text as of_table, '' as of_column
  from relation r join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = r.oid and d.objsubid = 0 where r.relkind <> 'c'
  union all
  select format('column %s.%I', r.oid::regclass, a.attname), d.description, r.relname, a.attname
  from relation r join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = r.oid join pg_attribute a on a.attrelid = r.oid and a.attnum = d.objsubid and a.attnum > 0
  union all
  select format('constraint %I on %s', k.conname, k.conrelid::regclass), d.description, r.relname, ''
  from relation r join pg_constraint k on k.conrelid = r.oid join pg_description d on d.classoid = 'pg_constraint'::regclass and d.objoid = k.oid
  union all
  select format('type %s', y.oid::regtype), d.description, '', ''
  from pg_type y join pg_description d on d.classoid = 'pg_type'::regclass and d.objoid = y.oid where y.typnamespace = to_regnamespace(quote_ident($1)) and y.typtype in ('e', 'd', 'c', 'r')
  union all
  select format('%s %s', case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end, p.oid::regprocedure), d.description, '', ''
  from pg_proc p join pg_description d on d.classoid = 'pg_proc'::regclass and d.objoid = p.oid where p.pronamespace = to_regnamespace(quote_ident($1))
  union all
  select format('policy %I on %s', p.polname, r.oid::regclass), d.description, r.relname, ''
  from relation r join pg_policy p on p.polrelid = r.oid join pg_description d on d.classoid = 'pg_policy'::regclass and d.objoid = p.oid
  union all
  select format('trigger %I on %s', t.tgname, r.oid::regclass), d.description, r.relname, ''
  from relation r join pg_trigger t on t.tgrelid = r.oid join pg_description d on d.classoid = 'pg_trigger'::regclass and d.objoid = t.oid
  union all
  select format('rule %I on %s', v.rulename, r.oid::regclass), d.description, r.relname, ''
  from relation r join pg_rewrite v on v.ev_class = r.oid join pg_description d on d.classoid = 'pg_rewrite'::regclass and d.objoid = v.oid
  union all
  select format('statistics %s.%I', x.stxnamespace::regnamespace, x.stxname), d.description, r.relname, ''
  from relation r join pg_statistic_ext x on x.stxrelid = r.oid join pg_description d on d.classoid = 'pg_statistic_ext'::regclass and d.objoid = x.oid
  union all
  select format('schema %I', n.nspname), d.description, '', ''
  from pg_namespace n join pg_description d on d.classoid = 'pg_namespace'::regclass and d.objoid = n.oid where n.nspname = $1
), owned as (
  -- What has an owner of its own, beside tables.
  select case r.relkind when 'S' then 'sequence ' else 'view ' end || r.oid::regclass as what, r.relowner as owner, r.relname::text as of_table
  from relation r
  where r.relkind in ('v', 'm')
     or r.relkind = 'S' and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = r.oid and d.deptype in ('a', 'i'))
  union all
  select 'function ' || p.oid::regprocedure, p.proowner, '' from pg_proc p where p.pronamespace = to_regnamespace(quote_ident($1))
  union all
  select 'type ' || y.oid::regtype, y.typowner, '' from pg_type y left join pg_class c on c.oid = y.typrelid
  where y.typnamespace = to_regnamespace(quote_ident($1)) and (y.typtype in ('e', 'd', 'r') or y.typtype = 'c' and c.relkind = 'c')
)
select 'enum' as kind, y.oid::regtype::text as what, array_agg(e.enumlabel order by e.enumsortorder)::text as definition, '' as make, '' as unmake, '' as of_table, '' as of_column
from pg_type y join pg_enum e on e.enumtypid = y.oid where y.typnamespace = to_regnamespace(quote_ident($1)) group by y.oid
union all
select 'other', 'domain ' || y.oid::regtype,
       concat_ws(' ', format_type(y.typbasetype, y.typtypmod), case when y.typnotnull then 'not null' end, y.typdefault,
                 (select string_agg(pg_get_constraintdef(k.oid), ' ' order by k.conname) from pg_constraint k where k.contypid = y.oid)), '', '', '', ''
from pg_type y where y.typnamespace = to_regnamespace(quote_ident($1)) and y.typtype = 'd'
union all
select 'other', 'type ' || y.oid::regtype,
       coalesce((select string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum) from pg_attribute a where a.attrelid = y.typrelid and a.attnum > 0 and not a.attisdropped),
                (select 'range of ' || format_type(g.rngsubtype, null) from pg_range g where g.rngtypid = y.oid)), '', '', '', ''
from pg_type y left join pg_class c on c.oid = y.typrelid
where y.typnamespace = to_regnamespace(quote_ident($1)) and (y.typtype = 'r' or y.typtype = 'c' and c.relkind = 'c')
union all
select 'other', 'function ' || p.oid::regprocedure, pg_get_functiondef(p.oid), '', '', '', ''
from pg_proc p where p.pronamespace = to_regnamespace(quote_ident($1)) and p.prokind in ('f', 'p', 'w')
union all
select 'other', 'aggregate ' || p.oid::regprocedure, concat_ws(' ', g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.agginitval), '', '', '', ''
from pg_proc p join pg_aggregate g on g.aggfnoid = p.oid where p.pronamespace = to_regnamespace(quote_ident($1))
union all
select 'option', 'privileges of function ' || p.oid::regprocedure, p.proacl::text, '', '', '', ''
from pg_proc p where p.pronamespace = to_regnamespace(quote_ident($1)) and p.proacl is not null
union all
select 'other', 'view ' || r.oid::regclass, concat_ws(' with ', pg_get_viewdef(r.oid), array_to_string(r.reloptions, ', ')), '', '', r.relname, '' from relation r where r.relkind in ('v', 'm')
union all
select 'other', format('trigger %s on %s', t.tgname, t.tgrelid::regclass), pg_get_triggerdef(t.oid), '', '', r.relname, ''
from pg_trigger t join relation r on r.oid = t.tgrelid where not t.tgisinternal and t.tgname <> 'crossfade_fence'
union all
-- Whether they fire is for crossfade to say for as long as v1 owns the data.
select 'option', format('firing of trigger %s on %s', t.tgname, t.tgrelid::regclass), case t.tgenabled when 'D' then 'disabled' when 'A' then 'always' when 'R' then 'replica' end, '', '', r.relname, ''
from pg_trigger t join relation r on r.oid = t.tgrelid where not t.tgisinternal and t.tgname <> 'crossfade_fence' and t.tgenabled <> 'O'
union all
select 'option', format('firing of rule %s on %s', v.rulename, r.oid::regclass), case v.ev_enabled when 'D' then 'disabled' when 'A' then 'always' when 'R' then 'replica' end, '', '', r.relname, ''
from pg_rewrite v join relation r on r.oid = v.ev_class where v.ev_type <> '1' and v.ev_enabled <> 'O'
union all
select 'other', format('rule %s on %s', v.rulename, r.oid::regclass), pg_get_ruledef(v.oid), '', '', r.relname, ''
from pg_rewrite v join relation r on r.oid = v.ev_class where v.ev_type <> '1' and r.relkind in ('r', 'p', 'v')
union all
select 'other', 'partitioning of ' || r.oid::regclass, pg_get_partkeydef(r.oid), '', '', r.relname, '' from relation r where r.relkind = 'p'
union all
select 'other', format('partition %s of %s', i.inhrelid::regclass, i.inhparent::regclass), pg_get_expr(r.relpartbound, r.oid), '', '', (select q.relname from pg_class q where q.oid = i.inhparent), ''
from relation r join pg_inherits i on i.inhrelid = r.oid where r.relkind in ('r', 'p')
union all
select 'other', format('sequence %s', r.oid::regclass), 'a sequence of its own', '', '', coalesce((select q.relname from pg_depend d join pg_class q on q.oid = d.refobjid where d.classid = 'pg_class'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') limit 1), ''), ''
from relation r
where r.relkind = 'S' and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = r.oid and d.deptype in ('a', 'i'))
union all
select 'option', format('sequence %s', r.oid::regclass),
       format('as %s increment by %s minvalue %s maxvalue %s cache %s %s', format_type(s.seqtypid, null), s.seqincrement, s.seqmin, s.seqmax, s.seqcache, case when s.seqcycle then 'cycle' else 'no cycle' end),
       format('alter sequence %s as %s increment by %s minvalue %s maxvalue %s cache %s %s', r.oid::regclass, format_type(s.seqtypid, null), s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
              case when s.seqcycle then 'cycle' else 'no cycle' end), 'select', coalesce((select q.relname from pg_depend d join pg_class q on q.oid = d.refobjid where d.classid = 'pg_class'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') limit 1), ''), ''
from relation r join pg_sequence s on s.seqrelid = r.oid
union all
select 'anew', format('policy %I on %s', p.polname, p.polrelid::regclass),
       concat_ws(' ', p.polcmd, p.polpermissive, array(select q::regrole::text from unnest(p.polroles) q where q <> 0 order by 1)::text,
                 pg_get_expr(p.polqual, p.polrelid), '/', pg_get_expr(p.polwithcheck, p.polrelid)),
       format('create policy %I on %s as %s for %s to %s%s%s', p.polname, p.polrelid::regclass, case when p.polpermissive then 'permissive' else 'restrictive' end,
              case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
              array_to_string(array(select case q when 0 then 'public' else q::regrole::text end from unnest(p.polroles) q order by 1), ', '),
              ' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', ' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'),
       format('drop policy if exists %I on %s', p.polname, p.polrelid::regclass), r.relname, ''
from pg_policy p join relation r on r.oid = p.polrelid
union all
select 'said', 'row-level security of ' || r.oid::regclass, case when r.relforcerowsecurity then 'on, for its owner too' else 'on' end,
       format('alter table %s %s row level security, %s row level security', r.oid::regclass, case when r.relrowsecurity then 'enable' else 'disable' end, case when r.relforcerowsecurity then 'force' else 'no force' end),
       format('alter table %s disable row level security, no force row level security', r.oid::regclass), r.relname, ''
from relation r where r.relkind in ('r', 'p') and (r.relrowsecurity or r.relforcerowsecurity)
union all
select 'anew', 'statistics ' || quote_ident(x.stxnamespace::regnamespace::text) || '.' || quote_ident(x.stxname), pg_get_statisticsobjdef(x.oid) || t.target, pg_get_statisticsobjdef(x.oid) || t.target,
       format('drop statistics if exists %s.%I', x.stxnamespace::regnamespace, x.stxname), r.relname, ''
from pg_statistic_ext x join relation r on r.oid = x.stxrelid
cross join lateral (select coalesce(format('; alter statistics %s.%I set statistics ', x.stxnamespace::regnamespace, x.stxname) || nullif(to_jsonb(x) ->> 'stxstattarget', '-1'), '') as target) t
union all
select 'said', 'comment on ' || c.what, quote_literal(c.description), format('comment on %s is %L', c.what, c.description), format('comment on %s is null', c.what), c.of_table, c.of_column
from commented c where c.what not like 'index %' and c.what not like 'constraint %'
union all
-- It may be built later.
select 'option', 'comment on ' || c.what, quote_literal(c.description), '', '', c.of_table, c.of_column from commented c where c.what like 'index %' or c.what like 'constraint %'
union all
select 'option', 'replica identity of ' || r.oid::regclass,
       case r.relreplident when 'f' then 'full' when 'n' then 'nothing' else 'index ' || (select i.indexrelid::regclass from pg_index i where i.indrelid = r.oid and i.indisreplident) end,
       format('alter table %s replica identity %s', r.oid::regclass,
              case r.relreplident when 'f' then 'full' when 'n' then 'nothing' else 'using index ' || (select quote_ident(x.relname) from pg_index i join pg_class x on x.oid = i.indexrelid where i.indrelid = r.oid and i.indisreplident) end),
       format('alter table %s replica identity default', r.oid::regclass), r.relname, ''
from relation r where r.relkind in ('r', 'p') and r.relreplident <> 'd'
union all
select 'option', format('storage parameter %s of %s', o.option_name, r.oid::regclass), o.option_value,
       format('alter %s %s set (%s = %L)', case when r.relkind in ('i', 'I') then 'index' else 'table' end, r.oid::regclass, o.option_name, o.option_value),
       format('alter %s %s reset (%s)', case when r.relkind in ('i', 'I') then 'index' else 'table' end, r.oid::regclass, o.option_name), r.relname, ''
from relation r cross join lateral pg_options_to_table(r.reloptions) o where r.relkind = 'r'
union all
select 'option', format('storage parameter toast.%s of %s', o.option_name, r.oid::regclass), o.option_value, format('alter table %s set (toast.%s = %L)', r.oid::regclass, o.option_name, o.option_value),
       format('alter table %s reset (toast.%s)', r.oid::regclass, o.option_name), r.relname, ''
from relation r join pg_class t on t.oid = r.reltoastrelid cross join lateral pg_options_to_table(t.reloptions) o where r.relkind = 'r'
union all
-- Those of an index that is no constraint's are in its definition.
select 'option', format('storage parameter %s of %s', o.option_name, r.oid::regclass), o.option_value, '', '', w.relname, ''
from relation r join pg_index x on x.indexrelid = r.oid join pg_class w on w.oid = x.indrelid cross join lateral pg_options_to_table(r.reloptions) o where r.relkind in ('i', 'I') and exists (select from pg_constraint k where k.conindid = r.oid and k.contype in ('p', 'u', 'x'))
union all
select 'option', 'tablespace of index ' || r.oid::regclass, s.spcname, '', '', w.relname, ''
from relation r join pg_index x on x.indexrelid = r.oid join pg_class w on w.oid = x.indrelid join pg_tablespace s on s.oid = r.reltablespace where r.relkind in ('i', 'I')
union all
-- The index may be built later.
select 'option', 'clustering of ' || r.oid::regclass, i.indexrelid::regclass::text, '', '', r.relname, '' from relation r join pg_index i on i.indrelid = r.oid and i.indisclustered where r.relkind in ('r', 'm')
union all
select 'option', 'owner of ' || r.oid::regclass, r.relowner::regrole::text, format('alter table %s owner to %s', r.oid::regclass, r.relowner::regrole), '', r.relname, ''
from relation r where r.relkind in ('r', 'p') and r.relowner <> (select n.nspowner from pg_namespace n where n.nspname = $1)
union all
select 'option', 'owner of ' || o.what, o.owner::regrole::text, '', '', o.of_table, '' from owned o where o.owner <> (select n.nspowner from pg_namespace n where n.nspname = $1)
union all
select 'option', 'privileges of type ' || y.oid::regtype, y.typacl::text, '', '', '', '' from pg_type y where y.typnamespace = to_regnamespace(quote_ident($1)) and y.typacl is not null and y.typtype in ('e', 'd', 'r', 'c')
union all
select 'option', format('default privileges of %s in schema %I for %s', d.defaclrole::regrole, $1, case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types' else d.defaclobjtype::text end),
       d.defaclacl::text, '', '', '', ''
from pg_default_acl d where d.defaclnamespace = to_regnamespace(quote_ident($1))
union all
-- Operators and the like: that one comes or goes; of collations and text search what they are.
select 'other', pg_describe_object(d.classid, d.objid, 0), coalesce(l.text, g.text, t.text, 'is in the schema'), '', '', '', ''
from pg_depend d
left join lateral (select (to_jsonb(c) - '{oid,collname,collnamespace,collowner,collversion}'::text[])::text as text from pg_collation c where d.classid = 'pg_collation'::regclass and c.oid = d.objid) l on true
left join lateral (select concat_ws(' ', c.cfgparser, (select string_agg(format('%s %s', m.maptokentype, m.mapdict::regdictionary), ', ' order by m.maptokentype, m.mapseqno) from pg_ts_config_map m where m.mapcfg = c.oid)) as text
                   from pg_ts_config c where d.classid = 'pg_ts_config'::regclass and c.oid = d.objid) g on true
left join lateral (select concat_ws(' ', c.dicttemplate, c.dictinitoption) as text from pg_ts_dict c where d.classid = 'pg_ts_dict'::regclass and c.oid = d.objid) t on true
where d.refclassid = 'pg_namespace'::regclass and d.refobjid = to_regnamespace(quote_ident($1)) and d.deptype = 'n'
  and d.classid not in ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass, 'pg_statistic_ext'::regclass, 'pg_default_acl'::regclass)
  and not exists (select from pg_depend e where e.classid = d.classid and e.objid = d.objid and e.deptype = 'e')
union all
select 'option', 'storage of ' || r.oid::regclass, concat_ws(' ', case r.relpersistence when 'u' then 'unlogged' end, (select a.amname from pg_am a where a.oid = r.relam), (select s.spcname from pg_tablespace s where s.oid = r.reltablespace)), '', '', r.relname, ''
from relation r where r.relkind in ('r', 'p') and (r.relpersistence = 'u' or r.reltablespace <> 0 or r.relam <> 0 and r.relam <> (select a.oid from pg_am a where a.amname = current_setting('default_table_access_method')))
union all
select 'option', format('storage and statistics of column %s.%I', r.oid::regclass, a.attname),
       concat_ws(', ', a.attstorage, nullif(to_jsonb(a) ->> 'attcompression', ''), nullif(to_jsonb(a) ->> 'attstattarget', '-1'), array_to_string(a.attoptions, ', ')), '', '', r.relname, a.attname
from relation r join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
join pg_type y on y.oid = a.atttypid
where r.relkind in ('r', 'p')
  and (a.attstorage <> y.typstorage or nullif(to_jsonb(a) ->> 'attcompression', '') is not null or coalesce(to_jsonb(a) ->> 'attstattarget', '-1') <> '-1' or a.attoptions is not null)
union all
select 'grant', format('grant %s on table %s to %s', a.privilege_type, r.oid::regclass, case a.grantee when 0 then 'public' else a.grantee::regrole::text end), '',
       '', format('revoke %s on table %s from %s', a.privilege_type, r.oid::regclass, case a.grantee when 0 then 'public' else a.grantee::regrole::text end), r.relname, ''
from relation r cross join lateral aclexplode(r.relacl) a
where r.relkind in ('r', 'p', 'v', 'm') and a.grantee <> r.relowner
union all
select 'grant', format('grant %s (%I) on table %s to %s', a.privilege_type, t.attname, r.oid::regclass, case a.grantee when 0 then 'public' else a.grantee::regrole::text end), '',
       '', format('revoke %s (%I) on table %s from %s', a.privilege_type, t.attname, r.oid::regclass, case a.grantee when 0 then 'public' else a.grantee::regrole::text end), r.relname, ''
from relation r join pg_attribute t on t.attrelid = r.oid and not t.attisdropped cross join lateral aclexplode(t.attacl) a
where r.relkind in ('r', 'p', 'v', 'm') and a.grantee <> r.relowner
union all
select 'grant', format('grant %s on sequence %s to %s', a.privilege_type, r.oid::regclass, case a.grantee when 0 then 'public' else a.grantee::regrole::text end), '',
       '', format('revoke %s on sequence %s from %s', a.privilege_type, r.oid::regclass, case a.grantee when 0 then 'public' else a.grantee::regrole::text end), r.relname, ''
from relation r cross join lateral aclexplode(r.relacl) a
where r.relkind = 'S' and a.grantee <> r.relowner
union all
select 'grant', format('grant %s on schema %I to %s', a.privilege_type, n.nspname, case a.grantee when 0 then 'public' else a.grantee::regrole::text end), '',
       '', format('revoke %s on schema %I from %s', a.privilege_type, n.nspname, case a.grantee when 0 then 'public' else a.grantee::regrole::text end), '', ''
from pg_namespace n cross join lateral aclexplode(n.nspacl) a
where n.nspname = $1 and a.grantee <> n.nspowner
union all
select 'grant', format('grant %s on table %s to %s with grant option', a.privilege_type, r.oid::regclass, case a.grantee when 0 then 'public' else a.grantee::regrole::text end), '',
       '', format('revoke grant option for %s on table %s from %s', a.privilege_type, r.oid::regclass, case a.grantee when 0 then 'public' else a.grantee::regrole::text end), r.relname, ''
from relation r cross join lateral aclexplode(r.relacl) a
where r.relkind in ('r', 'p', 'v', 'm') and a.grantee <> r.relowner and a.is_grantable
union all
select 'grant', format('grant %s (%I) on table %s to %s with grant option', a.privilege_type, t.attname, r.oid::regclass, case a.grantee when 0 then 'public' else a.grantee::regrole::text end), '',
       '', format('revoke grant option for %s (%I) on table %s from %s', a.privilege_type, t.attname, r.oid::regclass, case a.grantee when 0 then 'public' else a.grantee::regrole::text end), r.relname, ''
from relation r join pg_attribute t on t.attrelid = r.oid and not t.attisdropped cross join lateral aclexplode(t.attacl) a
where r.relkind in ('r', 'p', 'v', 'm') and a.grantee <> r.relowner and a.is_grantable
union all
select 'grant', format('grant %s on sequence %s to %s with grant option', a.privilege_type, r.oid::regclass, case a.grantee when 0 then 'public' else a.grantee::regrole::text end), '',
       '', format('revoke grant option for %s on sequence %s from %s', a.privilege_type, r.oid::regclass, case a.grantee when 0 then 'public' else a.grantee::regrole::text end), r.relname, ''
from relation r cross join lateral aclexplode(r.relacl) a
where r.relkind = 'S' and a.grantee <> r.relowner and a.is_grantable
union all
select 'grant', format('grant %s on schema %I to %s with grant option', a.privilege_type, n.nspname, case a.grantee when 0 then 'public' else a.grantee::regrole::text end), '',
       '', format('revoke grant option for %s on schema %I from %s', a.privilege_type, n.nspname, case a.grantee when 0 then 'public' else a.grantee::regrole::text end), '', ''
from pg_namespace n cross join lateral aclexplode(n.nspacl) a
where n.nspname = $1 and a.grantee <> n.nspowner and a.is_grantable
union all
select 'other', 'foreign table ' || r.oid::regclass,
       concat_ws(' ', v.srvname, f.ftoptions::text, (select string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum) from pg_attribute a where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped)),
       '', '', '', ''
from relation r join pg_foreign_table f on f.ftrelid = r.oid join pg_foreign_server v on v.oid = f.ftserver
union all
select 'option', 'rows of ' || r.oid::regclass, c.said, '', '', r.relname, ''
from relation r cross join lateral (select crossfade.rows_said(r.oid::regclass) as said) c
where $2 = '' and r.relkind = 'r' and c.said is not null
