-- Tables that view $1 reads, through the views between, and which of their columns. pg_depend forgets a whole-row
-- reference (t.* as one value) where single columns of the table are used beside it, so the rule's tree is asked too; a
-- view with one counts as reading all columns of its tables.
with recursive edge as (
  select r.ev_class as reader, d.refobjid as relation, d.refobjsubid as column_number,
         position(':varattno 0 ' in r.ev_action::text) > 0 as whole_row
  from pg_rewrite r
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                  and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class
  where r.rulename = '_RETURN'
), reached as (
  select relation, column_number, whole_row from edge where reader = $1::oid
  union
  select edge.relation, edge.column_number, edge.whole_row from reached join edge on edge.reader = reached.relation
)
select n.nspname, c.relname, c.relkind, bool_or(reached.whole_row) as whole_row,
       array_agg(distinct a.attname::text) filter (where a.attnum > 0) as columns
from reached
join pg_class c on c.oid = reached.relation
join pg_namespace n on n.oid = c.relnamespace
left join pg_attribute a on a.attrelid = c.oid and a.attnum = reached.column_number
where c.relkind not in ('v', 'c')  -- a field of a composite type is no row of a table
group by n.nspname, c.relname, c.relkind
order by n.nspname, c.relname
