-- Tables of a schema and their columns, as they would be written down.
select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) as type,
       case when a.attcollation <> y.typcollation then a.attcollation::regcollation::text end as collation,
       a.attnotnull, pg_get_expr(d.adbin, d.adrelid) as given, a.attgenerated, a.attidentity,
       (select s.refobjid::regclass::text
        from pg_depend s join pg_depend own on own.classid = 'pg_class'::regclass and own.objid = s.refobjid and own.deptype = 'a'
                                           and own.refobjid = c.oid and own.refobjsubid = a.attnum
        where s.classid = 'pg_attrdef'::regclass and s.objid = d.oid and s.refclassid = 'pg_class'::regclass limit 1) as sequence,
       c.oid::regclass as printed
from pg_class c
left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_type y on y.oid = a.atttypid
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relnamespace = to_regnamespace(quote_ident($1)) and c.relkind in ('r', 'p') and not c.relispartition
order by c.relname, a.attnum
