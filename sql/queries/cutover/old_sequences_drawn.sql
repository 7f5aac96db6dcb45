-- Sequences of the old tables $1 from which defaults of other tables draw: they stay where they belong to no table any more.
with old as materialized (
  select p.relation from crossfade.pieces(array(select to_regclass(name) from unnest($1::text[]) name where to_regclass(name) is not null)) p (relation)
)
select s.oid::regclass as sequence, format('alter sequence %s owned by none', s.oid::regclass) as statement,
       string_agg(distinct format('%s.%I', f.adrelid::regclass, a.attname), ', ') as drawn_by
from old join pg_class s on s.oid = old.relation and s.relkind = 'S'
join pg_depend w on w.classid = 'pg_class'::regclass and w.objid = s.oid and w.refclassid = 'pg_class'::regclass and w.deptype = 'a'
join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = s.oid and d.deptype = 'n'
join pg_attrdef f on f.oid = d.objid join pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum
where f.adrelid not in (select relation from old)
group by s.oid
order by 1
