-- The views $1 and all that they are made of, through the views between: columns, keys (the primary one first), foreign keys (the
-- table, then pairs of columns), and a view's text, in which every name is qualified as long as the session has no search path.
with recursive reached as (
  select of.relation from unnest($1::oid[]) of (relation)
  union
  select d.refobjid
  from reached r
  join pg_rewrite v on v.ev_class = r.relation and v.rulename = '_RETURN'
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = v.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.relation
)
select n.nspname, c.relname, case when c.relkind = 'v' then pg_get_viewdef(c.oid) end as view,
       column_of.names, column_of.types, column_of.required, column_of.varies, column_of.generated, column_of.loose,
       (select array_agg(key.columns order by not key.is_primary, key.name)
        from (select x.indisprimary as is_primary, i.relname as name,
                     (select string_agg(a.attname, E'\n' order by k.place)
                      from unnest((x.indkey::int2[])[0:x.indnkeyatts - 1]) with ordinality k(number, place)
                      join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number) as columns
              from pg_index x join pg_class i on i.oid = x.indexrelid
              where x.indrelid = c.oid and x.indisunique and x.indisvalid and x.indpred is null and x.indexprs is null) key) as keys,
       (select array_agg(key.text order by key.name)
        from (select f.conname as name, o.nspname || E'\n' || t.relname || string_agg(E'\n' || mine.attname || E'\n' || theirs.attname, '' order by k.place) as text
              from pg_constraint f join pg_class t on t.oid = f.confrelid join pg_namespace o on o.oid = t.relnamespace
              cross join unnest(f.conkey, f.confkey) with ordinality k(mine, theirs, place)
              join pg_attribute mine on mine.attrelid = f.conrelid and mine.attnum = k.mine
              join pg_attribute theirs on theirs.attrelid = f.confrelid and theirs.attnum = k.theirs
              where f.conrelid = c.oid and f.contype = 'f' and f.convalidated
              group by f.oid, f.conname, o.nspname, t.relname) key) as refers
from (select distinct relation from reached) read
join pg_class c on c.oid = read.relation
join pg_namespace n on n.oid = c.relnamespace
cross join lateral (
  select array_agg(a.attname::text order by a.attnum) as names,
         array_agg(format_type(a.atttypid, -1) order by a.attnum) as types,
         array_agg(a.attnotnull or t.typnotnull order by a.attnum) as required,
         array_agg(a.attgenerated <> '' order by a.attnum) as generated,
         array_agg(coalesce((select n.nspname || E'\n' || l.collname from pg_collation l join pg_namespace n on n.oid = l.collnamespace
                             where l.oid = a.attcollation and not l.collisdeterministic), '') order by a.attnum) as loose,
         -- Of these what is equal is the same, of others it need not be.
         array_agg(not (t.typtype = 'e'
                        or t.oid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'uuid'::regtype, 'bool'::regtype, 'date'::regtype,
                                     'timestamp'::regtype, 'timestamptz'::regtype, 'bytea'::regtype, 'oid'::regtype)
                        or t.oid in ('text'::regtype, 'varchar'::regtype)
                           and coalesce((select l.collisdeterministic from pg_collation l where l.oid = a.attcollation), true))
                   order by a.attnum) as varies
  from pg_attribute a join pg_type t on t.oid = a.atttypid
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
) column_of
order by 1, 2
