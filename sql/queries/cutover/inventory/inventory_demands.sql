-- What v1's tables demand and v2's do not: rows that are written to v2 and break it have no way back. $1 as for foreign keys, its links
-- by what feeds v1's table on the way back. A demand is met where one of those tables has the like of it. $2: the migration. A foreign
-- key to a table that stays can be carried to the table of the same name, for as long as v2 is written: what is deleted there takes
-- the same rows along as before. $3: pairs of columns, of v1's tables (`own`) and of those that the views of the way back take them from; of
-- a column that none speaks of, the like of it is the one of its name.
with link as (
  select to_regclass(owner)::oid as owner, to_regclass(follower)::oid as follower, same, after
  from jsonb_to_recordset($1::jsonb) as l (owner text, follower text, same boolean, after text) where owner is not null and follower is not null
), handed as (
  select a.attrelid as owner, a.attnum as own, v.attrelid as follower, v.attnum as theirs
  from jsonb_to_recordset($3::jsonb) as p (own text, own_column text, other text, other_column text)
  join pg_attribute a on a.attrelid = to_regclass(p.own) and a.attname = p.own_column and a.attnum > 0 and not a.attisdropped
  join pg_attribute v on v.attrelid = to_regclass(p.other) and v.attname = p.other_column and v.attnum > 0 and not v.attisdropped
  where a.attrelid in (select owner from link) and v.attrelid in (select follower from link)
), counterpart as (
  select owner, own, follower, theirs from handed
  union
  select l.owner, a.attnum, l.follower, v.attnum
  from link l join pg_attribute a on a.attrelid = l.owner and a.attnum > 0 and not a.attisdropped
  join pg_attribute v on v.attrelid = l.follower and v.attname = a.attname and not v.attisdropped
  where not exists (select from handed h where h.owner = l.owner and h.own = a.attnum)
), referring as (
  select k.*, pair.own, format('FOREIGN KEY (%s) REFERENCES %s(%s)', pair.own, k.confrelid::regclass, pair.theirs) as head
  from pg_constraint k
  cross join lateral (
    select string_agg(quote_ident(a.attname), ', ' order by n.place) as own, string_agg(quote_ident(b.attname), ', ' order by n.place) as theirs
    from unnest(k.conkey, k.confkey) with ordinality n (own, theirs, place)
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = n.own
    join pg_attribute b on b.attrelid = k.confrelid and b.attnum = n.theirs
  ) pair
  where k.contype = 'f' and k.conparentid = 0 and k.conrelid in (select owner from link)
), portable as (
  select r.oid, l.after, r.conname, r.confrelid,
         format('select crossfade.make_key(%L, %L, %L, %L, %L)', $2::text, l.after, r.conname,
                'alter table %1$s add constraint ' || replace(format('%I %s%s not valid', r.conname, r.head, replace(substr(pg_get_constraintdef(r.oid), length(r.head) + 1), ' NOT VALID', '')), '%', '%%'),
                r.convalidated)
         || format(E';\ninsert into crossfade.moved (migration, kind, class, object) select %L, ''foreign key'', ''pg_constraint''::regclass, oid from pg_constraint '
                   'where conname = %3$L and conparentid = 0 and (conrelid = %2$L::regclass or conrelid in (select relid from pg_partition_tree(%2$L)))', $2::text, l.after, r.conname) as sql
  from referring r
  join link l on l.owner = r.conrelid and l.same
  join pg_class f on f.oid = l.follower and f.relkind in ('r', 'p')
  where r.confrelid not in (select owner from link)
    and starts_with(pg_get_constraintdef(r.oid), r.head)
    and has_table_privilege(r.confrelid, 'REFERENCES')
    and not exists (select from pg_constraint v where v.conrelid = l.follower and v.conname = r.conname)
    and not exists (select from unnest(r.conkey) n join pg_attribute a on a.attrelid = r.conrelid and a.attnum = n
                    where not exists (select from pg_attribute v where v.attrelid = l.follower and v.attname = a.attname and v.atttypid = a.atttypid))
), said as (
  select k.conrelid as relation, format('constraint %I of %s', k.conname, k.conrelid::regclass) as name, pg_get_constraintdef(k.oid) as demand,
         p.sql, p.confrelid as referred
  from pg_constraint k left join portable p on p.oid = k.oid
  where k.conrelid in (select owner from link) and k.contype = 'f' and k.conparentid = 0
    and not exists (
      select from link l join pg_constraint v on v.conrelid = l.follower and v.contype = 'f'
      where l.owner = k.conrelid
        and (v.confrelid = k.confrelid or exists (select from link r where r.owner = k.confrelid and r.follower = v.confrelid))
        and (select array_agg(a.attname order by a.attname) from pg_attribute a where a.attrelid = v.conrelid and a.attnum = any (v.conkey))
          = (select array_agg(a.attname order by a.attname) from pg_attribute a where a.attrelid = k.conrelid and a.attnum = any (k.conkey)))
    -- What is left out comes with v2.
    and not exists (
      select from link l join pg_class f on f.oid = l.follower
      join crossfade.deferred d on d.migration = $2 and d.stage = 3 and d.target = f.relname and d.refers_to = k.confrelid
      where l.owner = k.conrelid and position(split_part(pg_get_constraintdef(k.oid), ' REFERENCES ', 1) || ' REFERENCES ' in d.create_sql) > 0)
  union all
  select k.conrelid, format('constraint %I of %s', k.conname, k.conrelid::regclass), pg_get_constraintdef(k.oid), null, null
  from pg_constraint k
  where k.conrelid in (select owner from link) and k.contype in ('c', 'x')
    and not exists (select from link l join pg_constraint v on v.conrelid = l.follower and v.contype = k.contype
                    where l.owner = k.conrelid and pg_get_constraintdef(v.oid) = pg_get_constraintdef(k.oid))
  union all
  select i.indrelid, format('unique index %I of %s', c.relname, i.indrelid::regclass), pg_get_indexdef(i.indexrelid), null, null
  from pg_index i join pg_class c on c.oid = i.indexrelid
  where i.indrelid in (select owner from link) and i.indisunique
    and not exists (select from link l join pg_index v on v.indrelid = l.follower and v.indisunique
                    where l.owner = i.indrelid
                      and split_part(pg_get_indexdef(v.indexrelid), ' USING ', 2) = split_part(pg_get_indexdef(i.indexrelid), ' USING ', 2))
    -- What is unique in fewer columns, whatever v2 calls them, is so in these.
    and not exists (select from link l join pg_index v on v.indrelid = l.follower and v.indisunique and v.indpred is null and v.indexprs is null
                    where l.owner = i.indrelid
                      and (select count(*) from unnest(v.indkey[0:v.indnkeyatts - 1]) k (theirs)
                           where exists (select from counterpart p where p.owner = l.owner and p.follower = l.follower and p.theirs = k.theirs and p.own = any (i.indkey[0:i.indnkeyatts - 1])))
                        = v.indnkeyatts)
    -- A key's columns are not v2's own where it is made of something else.
    and (not i.indisprimary
         or exists (select from link l where l.owner = i.indrelid
                    and not exists (select from unnest(i.indkey[0:i.indnkeyatts - 1]) k (own)
                                    where not exists (select from counterpart p where p.owner = l.owner and p.follower = l.follower and p.own = k.own))))
  union all
  select a.attrelid, format('column %I of %s', a.attname, a.attrelid::regclass), 'not null', null, null
  from counterpart c join pg_attribute a on a.attrelid = c.owner and a.attnum = c.own and a.attnotnull
  join pg_attribute v on v.attrelid = c.follower and v.attnum = c.theirs
  group by a.attrelid, a.attname
  having not bool_or(v.attnotnull)
  union all
  select a.attrelid, format('column %I of %s', a.attname, a.attrelid::regclass),
         format('%s, where v2 has %s', format_type(a.atttypid, a.atttypmod), min(format_type(v.atttypid, v.atttypmod))), null, null
  from counterpart c join pg_attribute a on a.attrelid = c.owner and a.attnum = c.own
  join pg_attribute v on v.attrelid = c.follower and v.attnum = c.theirs
  join pg_type mine on mine.oid = a.atttypid join pg_type theirs on theirs.oid = v.atttypid
  where a.atttypid in ('varchar'::regtype, 'bpchar'::regtype) and a.atttypmod > 0
        and (v.atttypid = 'text'::regtype or v.atttypid in ('varchar'::regtype, 'bpchar'::regtype) and (v.atttypmod < 0 or v.atttypmod > a.atttypmod))
     or a.atttypid = 'numeric'::regtype and v.atttypid = a.atttypid and a.atttypmod > 0 and v.atttypmod <> a.atttypmod
     or a.atttypid = 'int2'::regtype and v.atttypid in ('int4'::regtype, 'int8'::regtype)
     or a.atttypid = 'int4'::regtype and v.atttypid = 'int8'::regtype
     or a.atttypid <> v.atttypid and mine.typtype in ('d', 'e', 'r', 'c')
     -- What no cast takes without being asked; a text takes all, and between dates and times something is lost and nothing refused.
     or a.atttypid not in (v.atttypid, theirs.typbasetype) and mine.typcategory <> 'S' and not (mine.typcategory = 'D' and theirs.typcategory = 'D')
        and not exists (select from pg_type element where element.oid = mine.typelem and element.typcategory = 'S')
        and not exists (select from pg_cast k where k.castsource in (v.atttypid, theirs.typbasetype) and k.casttarget = a.atttypid and k.castcontext = 'i')
  group by a.attrelid, a.attname, a.atttypid, a.atttypmod
)
select name as object, demand as way, 'said' as handling, 'nothing of v2 demands it: rows that break it are set aside and named' as flip,
       'is held back by those rows, and names them' as rollback,
       'let v2 demand it too, if the way back is to be sure' || case when sql is null then '' else format(': cutover: {inventory: {"%s": carry}}', name) end as fix,
       coalesce(sql, '') as sql, '' as locked, coalesce(array[n.nspname, c.relname]::text[]::text, '') as referred
from said left join pg_class c on c.oid = referred left join pg_namespace n on n.oid = c.relnamespace
order by 1
