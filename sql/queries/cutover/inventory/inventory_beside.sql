-- What v1's tables and their partitions have, or what is said of them elsewhere, that nobody refers to: it stays with them, and the tables that take their names have
-- none of it. $1 as for foreign keys; $2: the schema of v1's tables; $3: that of v2's, before the writes move; $4: the migration.
with link as (
  select distinct to_regclass(owner)::oid as owner, to_regclass(follower)::oid as follower, after, same
  from jsonb_to_recordset($1::jsonb) as l (owner text, follower text, after text, same boolean) where owner is not null
), owned as (
  select distinct owner as relation from link
), part as (
  select o.relation as root, p.relation::oid as relation from owned o cross join lateral unnest(crossfade.all_parts(o.relation::regclass)) p (relation)
), pair as (
  -- A table and the one that takes its name; of partitions likewise, and those that none takes the name of.
  select l.owner, l.follower, l.after from link l where l.same
  union all
  select p.relation, v.oid, format('%I.%I', (parse_ident(l.after))[1], c.relname)
  from link l cross join lateral crossfade.with_partitions(l.owner::regclass) p (relation) join pg_class c on c.oid = p.relation
  left join lateral (select v.oid from crossfade.with_partitions(l.follower::regclass) q (relation) join pg_class v on v.oid = q.relation
                     where v.relname = c.relname and v.oid <> l.follower) v on true
  where l.same and p.relation <> l.owner
), commented as (
  select l.owner, l.follower, a.attname,
         format('comment on column %s.%I is %L', l.after, a.attname, col_description(l.owner, a.attnum)) as sql
  from pair l join pg_attribute a on a.attrelid = l.owner and a.attnum > 0 and not a.attisdropped
  join pg_attribute v on v.attrelid = l.follower and v.attname = a.attname and not v.attisdropped
  where col_description(l.owner, a.attnum) is not null and col_description(l.follower, v.attnum) is null
  union all
  select l.owner, l.follower, null, case when l.follower is not null then format('comment on table %s is %L', l.after, obj_description(l.owner, 'pg_class')) end
  from pair l where obj_description(l.owner, 'pg_class') is not null and (l.follower is null or obj_description(l.follower, 'pg_class') is null)
), tuned as (
  -- Parameters, and where its rows are, of tables that have a namesake; of columns that both have.
  select l.owner, o.option as what, case f.relkind when 'r' then format('alter table %s set (%s = %L)', l.after, split_part(o.option, '=', 1), split_part(o.option, '=', 2)) end as sql
  from pair l join pg_class c on c.oid = l.owner left join pg_class f on f.oid = l.follower
  cross join lateral (select unnest(c.reloptions) union all select 'toast.' || unnest(t.reloptions) from pg_class t where t.oid = c.reltoastrelid) o (option)
  where not exists (select from (select unnest(f.reloptions) union all select 'toast.' || unnest(t.reloptions) from pg_class t where t.oid = f.reltoastrelid) has (option)
                    where split_part(has.option, '=', 1) = split_part(o.option, '=', 1))
  union all
  select l.owner, format('clustered on %s', i.indexrelid::regclass), null
  from pair l join pg_index i on i.indrelid = l.owner where i.indisclustered and not exists (select from pg_index f where f.indrelid = l.follower and f.indisclustered)
  union all
  select l.owner, format('tablespace %I', s.spcname), null
  from pair l join pg_class c on c.oid = l.owner join pg_class f on f.oid = l.follower join pg_tablespace s on s.oid = c.reltablespace
  where c.reltablespace <> f.reltablespace
  union all
  select l.owner, format('access method %I', m.amname), null
  from pair l join pg_class c on c.oid = l.owner and c.relkind = 'r' join pg_class f on f.oid = l.follower and f.relkind = 'r' join pg_am m on m.oid = c.relam
  where c.relam <> f.relam
  union all
  -- What others read from the WAL.
  select l.owner, 'replica identity ' || case c.relreplident when 'f' then 'full' when 'n' then 'nothing' else format('using index %I', i.relname) end,
         case when c.relreplident in ('f', 'n') and f.relkind = 'r' then format('alter table %s replica identity %s', l.after, case c.relreplident when 'f' then 'full' else 'nothing' end) end
  from pair l join pg_class c on c.oid = l.owner left join pg_class f on f.oid = l.follower
  left join pg_index x on x.indrelid = c.oid and x.indisreplident left join pg_class i on i.oid = x.indexrelid
  where c.relreplident <> 'd' and c.relkind = 'r' and (f.oid is null or f.relreplident = 'd')
  union all
  select l.owner, format('%s of %I', s.setting, a.attname), format('alter table %s alter column %I set %s', l.after, a.attname, s.setting)
  from pair l
  join pg_attribute a on a.attrelid = l.owner and a.attnum > 0 and not a.attisdropped
  join pg_attribute v on v.attrelid = l.follower and v.attname = a.attname and v.atttypid = a.atttypid and not v.attisdropped
  join pg_type t on t.oid = a.atttypid
  cross join lateral (
    select format('statistics %s', a.attstattarget) where coalesce(a.attstattarget, -1) <> -1 and coalesce(v.attstattarget, -1) = -1
    union all
    select 'storage ' || case a.attstorage when 'p' then 'plain' when 'e' then 'external' when 'x' then 'extended' else 'main' end
    where a.attstorage <> v.attstorage and v.attstorage = t.typstorage
    union all
    select 'compression ' || case a.attcompression when 'p' then 'pglz' else 'lz4' end where a.attcompression::text <> '' and v.attcompression::text = ''
    union all
    select format('(%s)', o.option) from unnest(a.attoptions) o (option)
    where not exists (select from unnest(v.attoptions) has (option) where split_part(has.option, '=', 1) = split_part(o.option, '=', 1))
  ) s (setting)
), own_publication as (
  select 'crossfade_' || m.name || suffix as name
  from (select $4::text as name union all select m.name from crossfade.migration m) m cross join (values (''), ('_reverse')) s (suffix)
), job as materialized (
  select * from crossfade.scheduled_jobs()
)
select format('comment on %s', c.owner::regclass) as object, coalesce('of its columns ' || string_agg(quote_ident(c.attname), ', ' order by c.attname), 'of the table') as way, 'said' as handling,
       'stays with the old table' as flip, 'never left it' as rollback, 'write it in v2.sql' as fix, string_agg(c.sql, E';\n' order by c.attname nulls first) as sql, '' as locked, '' as referred
from commented c group by c.owner
union all
select format('settings of %s', t.owner::regclass), string_agg(t.what, ', ' order by t.what), 'said', 'stays with the old table', 'never left it', 'write them in v2.sql',
       coalesce(string_agg(t.sql, E';\n' order by t.what), ''), '', ''
from tuned t group by t.owner
union all
select format('statistics %I.%I', n.nspname, s.stxname), format('of %s', s.stxrelid::regclass), 'said', 'stay with the old table: v2''s has none of these columns together', 'never left it',
       'write them in v2.sql: ' || pg_get_statisticsobjdef(s.oid), '', '', ''
from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace
where s.stxrelid in (select relation from part)
  and not exists (
    select from link l join pg_statistic_ext v on v.stxrelid = l.follower
    where l.owner = s.stxrelid
      and array(select a.attname from pg_attribute a where a.attrelid = v.stxrelid and a.attnum = any (v.stxkeys) order by 1)
        = array(select a.attname from pg_attribute a where a.attrelid = s.stxrelid and a.attnum = any (s.stxkeys) order by 1))
union all
select format('security label of %s', b.objoid::regclass), format('%s says %L', b.provider, b.label) || coalesce(' of ' || quote_ident(a.attname), ''), 'said', 'stays with the old table', 'never left it',
       format('security label for %I on %s ... is %L', b.provider, case b.objsubid when 0 then 'table' else 'column' end, b.label), '', '', ''
from pg_seclabel b left join pg_attribute a on a.attrelid = b.objoid and a.attnum = b.objsubid and b.objsubid > 0
where b.classoid = 'pg_class'::regclass and b.objoid in (select relation from part)
union all
select format('default privileges in schema %I', $2::text), format('give %s to %s on tables that %s makes there', lower(string_agg(a.privilege_type, ', ' order by a.privilege_type)),
       case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end, quote_ident(pg_get_userbyid(d.defaclrole))), 'said',
       format('were not given on v2''s tables, which were made in schema %I; what v1''s tables have is carried', $3::text), 'are as they were', '', '', '', ''
from pg_default_acl d cross join lateral aclexplode(d.defaclacl) a
where d.defaclobjtype = 'r' and d.defaclnamespace = to_regnamespace(quote_ident($2::text)) and a.grantee <> d.defaclrole
group by a.grantee, d.defaclrole
union all
select format('job %s', j.name), format('of pg_cron, names %s', string_agg(distinct case when o.draws then 'sequence ' else '' end || o.relation::regclass, ', ')), 'said',
       concat_ws('; ', max('meets another table by that name') filter (where not o.draws), max('meets v2''s sequence of that name') filter (where o.draws and o.has_namesake),
                 max('finds no sequence by that name') filter (where o.draws and not o.has_namesake)),
       case when bool_and(o.draws) then 'meets the old sequence again' else 'meets the old table again' end, 'see that it works with either side', '', '', ''
from job j
join (select relation, false as draws, false as has_namesake from part
      union all
      select sequence, true, namesake is not null from crossfade.renamed_sequences($1::jsonb)) o on true
join pg_class c on c.oid = o.relation
where j.command ~* ('(?<![\w$"])"?' || regexp_replace(c.relname, '(\W)', '\\\1', 'g') || '"?(?![\w$"])')
group by j.name
union all
-- Those for all tables, or for all of a schema: they name none.
select format('publication %s', p.pubname), format('publishes it with all others: %s', string_agg(distinct o.root::regclass::text, ', ')), 'block',
       'publishes another table by that name, and the old one by its new one', 'publishes the old table by its name again',
       'let its subscribers take the new tables before the move', '', '', ''
from part o join pg_class c on c.oid = o.relation join pg_namespace n on n.oid = c.relnamespace
join pg_publication_tables p on p.schemaname = n.nspname and p.tablename = c.relname
where not exists (select from pg_publication u join pg_publication_rel r on r.prpubid = u.oid
                  where u.pubname = p.pubname and (r.prrelid = o.relation or r.prrelid in (select a.relid from pg_partition_ancestors(o.relation) a)))
  and p.pubname not in (select name from own_publication)
group by p.pubname
union all
-- And those for all of the schema that v2's tables leave.
select format('publication %s', p.pubname), format('publishes it with all others of its schema: %s', string_agg(distinct t.root::regclass::text, ', ')), 'block',
       'publishes none of them any more: they leave the schema', 'publishes them again',
       format('alter publication %I add table %s', p.pubname, string_agg(distinct t.root::regclass::text, ', ')), '', '', ''
from (select distinct l.follower as root, q.relation from link l cross join lateral unnest(crossfade.all_parts(l.follower::regclass)) q (relation) where l.follower is not null) t
join pg_class c on c.oid = t.relation join pg_namespace n on n.oid = c.relnamespace and n.nspname = $3
join pg_publication_tables p on p.schemaname = n.nspname and p.tablename = c.relname
join pg_publication u on u.pubname = p.pubname and not u.puballtables
where not exists (select from pg_publication_rel r where r.prpubid = u.oid and (r.prrelid = t.relation or r.prrelid in (select a.relid from pg_partition_ancestors(t.relation) a)))
  and p.pubname not in (select name from own_publication)
group by p.pubname
order by 1, 2
