-- What a bulk load takes off a table, in the order of taking off: foreign keys from and to it, then other constraints and
-- indexes, the primary key last. Foreign keys come back unvalidated, which is quick, and are validated afterwards; those of a
-- partitioned table, which cannot be unvalidated before PostgreSQL 18, at once, and so those that are not enforced; those to tables that stay are left out for longer. What
-- belongs to a partitioned table goes and comes with its likes on the partitions; an index is written for the table alone, and made for
-- the whole.
-- What is said of a key or an index beside its definition, that the table's rows are told by it, comments and the like, stands behind it.
-- indexed_by: expressions of which one is null in a row which the index leaves out. excluded_by: the operators of an exclusion constraint.
with indexed as (
  select i.indexrelid as index,
         string_agg(case when i.indpred is null then entry.value else format('case when %s then %s end', pg_get_expr(i.indpred, i.indrelid), entry.value) end,
                    ', ' order by n) as indexed_by
  from pg_index i, generate_series(1, i.indnkeyatts) n
  cross join lateral (
    -- By the order that the index goes by; and where nulls agree, as a row, which is none.
    select format(case when (to_jsonb(i) ->> 'indnullsnotdistinct')::boolean then 'row(%s%s)' else '%s%s' end,
                  case when c.oid is null then pg_get_indexdef(i.indexrelid, n, true) else format('(%s)', pg_get_indexdef(i.indexrelid, n, true)) end,
                  ' collate ' || c.oid::regcollation) as value
    from (select) once left join pg_collation c on c.oid = i.indcollation[n - 1] and c.collname <> 'default'
  ) entry
  where i.indrelid = $1::text::regclass
  group by i.indexrelid
), said as (
  select i.indexrelid as index,
         concat(case when i.indisreplident then format(E';\nalter table only %s replica identity using index %I', i.indrelid::regclass, c.relname) end,
                case when i.indisclustered then format(E';\nalter table only %s cluster on %I', i.indrelid::regclass, c.relname) end,
                case when k.oid is not null then E';\nalter index ' || c.oid::regclass || ' set (' || array_to_string(c.reloptions, ', ') || ')' end,
                (select format(E';\nalter index %s set tablespace %I', c.oid::regclass, t.spcname) from pg_tablespace t where t.oid = c.reltablespace),
                E';\ncomment on index ' || c.oid::regclass || ' is ' || quote_literal(obj_description(c.oid, 'pg_class')),
                E';\ncomment on constraint ' || quote_ident(k.conname) || ' on ' || k.conrelid::regclass || ' is ' || quote_literal(obj_description(k.oid, 'pg_constraint'))) as sql
  from pg_index i join pg_class c on c.oid = i.indexrelid
  left join pg_constraint k on k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x')
  where i.indrelid = $1::text::regclass
)
select name, stage, create_sql, validate_sql, drop_sql, indexed_by, excluded_by from (
  select format('%s on %s', conname, conrelid::regclass) as name, 2 as stage,
         format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
           || case when at_once then '' else ' not valid' end
           || coalesce(format(E';\ncomment on constraint %I on %s is ', conname, conrelid::regclass) || quote_literal(obj_description(oid, 'pg_constraint')), '') as create_sql,
         case when not at_once then format('alter table %s validate constraint %I', conrelid::regclass, conname) end as validate_sql,
         format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop_sql, 1 as place, null as indexed_by, null::text[] as excluded_by
  from pg_constraint f cross join lateral (
    select exists (select from pg_class r where r.oid = conrelid and r.relkind = 'p') or to_jsonb(f) ->> 'conenforced' is not distinct from 'false' as at_once
  ) r
  where contype = 'f' and conparentid = 0 and (conrelid = $1::text::regclass or confrelid = $1::text::regclass)
    and (confrelid = $1::text::regclass or (select count(distinct relnamespace) = 1 from pg_class where oid in (conrelid, confrelid)))
  union all
  select conname, 1, format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) || (select s.sql from said s where s.index = conindid),
         null, format('alter table %s drop constraint %I', conrelid::regclass, conname), case contype when 'p' then 3 else 2 end,
         (select u.indexed_by from indexed u where u.index = conindid),
         (select array_agg(format('operator(%I.%s)', s.nspname, o.oprname) order by x.place)
          from unnest(conexclop) with ordinality x(operator, place)
          join pg_operator o on o.oid = x.operator join pg_namespace s on s.oid = o.oprnamespace)
  from pg_constraint
  where conrelid = $1::text::regclass and contype in ('p', 'u', 'x')
  union all
  select c.relname, 1, regexp_replace(pg_get_indexdef(i.indexrelid), '^(CREATE (UNIQUE )?INDEX \S+|CREATE (UNIQUE )?INDEX "([^"]|"")+") ON ONLY ', '\1 ON ')
           || (select s.sql from said s where s.index = i.indexrelid), null, format('drop index %s', i.indexrelid::regclass), 2,
         (select u.indexed_by from indexed u where u.index = i.indexrelid), null
  from pg_index i join pg_class c on c.oid = i.indexrelid
  where i.indrelid = $1::text::regclass
    and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
) found
order by place, name
