-- Constraints and indexes of a schema's tables, as crossfade.deferred writes them down; those that it has count as there.
with piece as (
  select case when k.contype in ('c', 'f') then format('%s on %s', k.conname, k.conrelid::regclass) else k.conname::text end as name,
         c.relname::text as owner, k.contype::text as kind,
         format('alter table %s add constraint %I %s%s', k.conrelid::regclass, k.conname, regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', ''),
                case when later then ' not valid' end) as create_sql,
         case when later then format('alter table %s validate constraint %I', k.conrelid::regclass, k.conname) end as validate_sql,
         format('alter table %s drop constraint if exists %I', k.conrelid::regclass, k.conname) as drop_sql, k.conindid as index,
         (select array_agg(format('operator(%I.%s)', s.nspname, o.oprname) order by x.place)
          from unnest(k.conexclop) with ordinality x(operator, place)
          join pg_operator o on o.oid = x.operator join pg_namespace s on s.oid = o.oprnamespace)::text as excluded_by
  from pg_constraint k join pg_class c on c.oid = k.conrelid
  cross join lateral (select (k.contype = 'c' or k.contype = 'f' and c.relkind = 'r') and to_jsonb(k) ->> 'conenforced' is distinct from 'false' as later) v
  where c.relnamespace = to_regnamespace(quote_ident($1)) and not c.relispartition and k.contype in ('p', 'u', 'x', 'c', 'f') and k.conparentid = 0
  union all
  select i.relname, c.relname, 'i', regexp_replace(pg_get_indexdef(i.oid), '^(CREATE (UNIQUE )?INDEX \S+|CREATE (UNIQUE )?INDEX "([^"]|"")+") ON ONLY ', '\1 ON '), null, format('drop index if exists %s', i.oid::regclass), i.oid, null
  from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
  where c.relnamespace = to_regnamespace(quote_ident($1)) and not c.relispartition
    and not exists (select from pg_constraint k where k.conindid = i.oid and k.contype in ('p', 'u', 'x'))
)
select p.name, p.owner, p.kind, p.create_sql, p.validate_sql, p.drop_sql,
       (select string_agg(case when x.indpred is null then pg_get_indexdef(x.indexrelid, n, true)
                          else format('case when %s then %s end', pg_get_expr(x.indpred, x.indrelid), pg_get_indexdef(x.indexrelid, n, true)) end, ', ' order by n)
        from pg_index x, generate_series(1, x.indnkeyatts) n where x.indexrelid = p.index and p.kind <> 'f') as indexed_by,
       p.excluded_by
from piece p
union all
select n.name, d.target, case when d.create_sql like '%PRIMARY KEY%' then 'p' when d.stage >= 2 then 'f' when d.create_sql like 'alter table%' then 'u' else 'i' end,
       split_part(case when d.stage = 3 then format(d.create_sql, n.relation) else d.create_sql end, E';\n', 1),
       case when d.stage = 3 then format(d.validate_sql, n.relation) else d.validate_sql end,
       format('delete from crossfade.deferred where migration = %L and target = %L and name = %L', d.migration, d.target, d.name), d.indexed_by, d.excluded_by::text
from crossfade.deferred d
cross join lateral (select format('%I.%I', $1, d.target) as relation) t
-- One that leads to a table that stays is known by where it leads, and stands for the key that it is to be again.
cross join lateral (select t.relation, case when d.stage = 3 then regexp_replace(d.name, ' to .*$', '') || ' on ' || t.relation else d.name end as name) n
where d.migration = $2 and not d.built and not exists (select from piece p where p.name = n.name)
