-- The columns of relations $1 in their order. The type without its modifier is one that a cast does not cut by: format_type
-- knows the difference between none (-1) and unknown (null).
select a.attrelid, a.attname, format_type(a.atttypid, -1) as type, format_type(a.atttypid, a.atttypmod) as full_type,
       a.atttypid, a.atttypmod,
       a.attnotnull or t.typnotnull as required,
       a.attgenerated = '' and (a.atthasdef or a.attidentity <> '' or t.typdefault is not null) as has_default,
       a.attgenerated <> '' as is_generated,
       a.attidentity = 'a' as always_identity,
       case when a.attgenerated <> '' then pg_get_expr(f.adbin, f.adrelid) end as expression,
       made.of as made_of,
       (select format('%I.%I', s.nspname, l.collname) from pg_collation l join pg_namespace s on s.oid = l.collnamespace where l.oid = a.attcollation) as collation,
       coalesce((select l.collisdeterministic from pg_collation l where l.oid = a.attcollation), true) as deterministic,
       by.schema as operator_schema,
       coalesce(by.image_varies, base.typtype <> 'e') as image_varies,
       a.attgenerated = 'v' as is_virtual,
       base.typtype = 'c' as is_row,
       case when t.typtype = 'd' and base.typtype = 'e' then format_type(base.oid, -1) end as enum_under,
       by.above, by.up_to,
       exists (select from pg_index x join pg_class i on i.oid = x.indexrelid join pg_am m on m.oid = i.relam
               where x.indrelid = a.attrelid and x.indkey[0] = a.attnum and x.indisvalid and x.indpred is null and m.amname = 'btree') as leads_index
from pg_attribute a
join pg_type t on t.oid = a.atttypid
left join pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum
-- What a generated column is computed from: its expression depends on it, and before PostgreSQL 15 the column itself.
cross join lateral (
  select array_agg(distinct b.attname::text) as of
  from pg_depend d
  join pg_attribute b on b.attrelid = d.refobjid and b.attnum = d.refobjsubid
  where a.attgenerated <> '' and d.refclassid = 'pg_class'::regclass and d.refobjid = a.attrelid
    and d.refobjsubid > 0 and d.refobjsubid <> a.attnum
    and (d.classid = 'pg_attrdef'::regclass and d.objid = f.oid
         or d.classid = 'pg_class'::regclass and d.objid = a.attrelid and d.objsubid = a.attnum)
) made
-- Under a domain lies a type, and its own `=` is that of its default btree operator class, which also says whether what is equal
-- is the same by its bytes (support function 4). Text's class is varchar's too.
cross join lateral (
  with recursive under as (
    select t.oid, t.typtype, t.typbasetype
    union all
    select u.oid, u.typtype, u.typbasetype from under join pg_type u on u.oid = under.typbasetype where under.typtype = 'd'
  )
  select case when under.oid = 'varchar'::regtype then 'text'::regtype::oid else under.oid end as oid, under.typtype from under where under.typtype <> 'd'
) base
left join lateral (
  select case when s.nspname <> 'pg_catalog' then s.nspname end as schema,
         not exists (select from pg_amproc f where f.amprocfamily = c.opcfamily and f.amproclefttype = c.opcintype
                       and f.amprocrighttype = c.opcintype and f.amprocnum = 4)
         or not coalesce((select l.collisdeterministic from pg_collation l where l.oid = a.attcollation), true) as image_varies,
         (select w.oprname from pg_amop v join pg_operator w on w.oid = v.amopopr
          where v.amopfamily = c.opcfamily and v.amoplefttype = c.opcintype and v.amoprighttype = c.opcintype and v.amopstrategy = 5) as above,
         (select w.oprname from pg_amop v join pg_operator w on w.oid = v.amopopr
          where v.amopfamily = c.opcfamily and v.amoplefttype = c.opcintype and v.amoprighttype = c.opcintype and v.amopstrategy = 2) as up_to
  from pg_opclass c
  join pg_am m on m.oid = c.opcmethod and m.amname = 'btree'
  join pg_amop e on e.amopfamily = c.opcfamily and e.amoplefttype = c.opcintype and e.amoprighttype = c.opcintype and e.amopstrategy = 3
  join pg_operator o on o.oid = e.amopopr
  join pg_namespace s on s.oid = o.oprnamespace
  where c.opcintype = base.oid and c.opcdefault
  limit 1
) by on true
where a.attrelid = any ($1::oid[]) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum
