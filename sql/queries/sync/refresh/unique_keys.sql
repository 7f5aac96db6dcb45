-- What no two rows of table $1 may have in common: the second unique keys and the exclusion constraints. Expressions over a row,
-- the operators by which rows must not agree in all of them, and for which rows that is so. A null agrees with nothing, but
-- where the index says so. A deferrable one may be broken until later. A generated column stands for what it is generated from.
select array_agg(case when g.attgenerated <> '' then format('(%s)', pg_get_expr(d.adbin, d.adrelid))
                 else pg_get_indexdef(i.indexrelid, n, true) end order by n) as expressions,
       array_agg(format('operator(%I.%s)', o.nspname, o.oprname) order by n) as operators,
       coalesce(pg_get_expr(i.indpred, i.indrelid), 'true') as predicate,
       bool_or(coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false)) as nulls_agree,
       not bool_and(i.indimmediate) as later
from pg_index i
left join pg_constraint x on x.conindid = i.indexrelid and x.contype = 'x'
cross join lateral generate_series(1, i.indnkeyatts) n
left join pg_attribute g on g.attrelid = i.indrelid and g.attnum = i.indkey[n - 1] and g.attnum > 0
left join pg_attrdef d on d.adrelid = g.attrelid and d.adnum = g.attnum
join pg_opclass c on c.oid = i.indclass[n - 1]
left join pg_amop a on a.amopfamily = c.opcfamily and a.amoplefttype = c.opcintype and a.amoprighttype = c.opcintype
                   and a.amopstrategy = 3 and x.oid is null
join lateral (
  select s.nspname, p.oprname from pg_operator p join pg_namespace s on s.oid = p.oprnamespace
  where p.oid = coalesce(x.conexclop[n], a.amopopr)
) o on true
where i.indrelid = $1::text::regclass and not i.indisprimary and (i.indisunique or x.oid is not null)
group by i.indexrelid, i.indpred, i.indrelid
