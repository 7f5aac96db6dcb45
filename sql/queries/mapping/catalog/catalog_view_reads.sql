-- Tables that views $1 read, through the views between, and which of their columns. pg_depend forgets a whole-row
-- reference (t.* as one value) where single columns of the table are used beside it, so the rule's tree is asked too; a
-- view with one counts as reading all columns of its tables.
with recursive reached as (
  select of.view as reader, of.view as relation from unnest($1::oid[]) of (view)
  union
  select r.reader, d.refobjid
  from reached r
  join pg_rewrite v on v.ev_class = r.relation and v.rulename = '_RETURN'
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = v.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.relation
), rule as materialized (
  select v.oid, v.ev_class as view, position(':varattno 0 ' in v.ev_action::text) > 0 as whole_row
  from (select distinct relation from reached) r join pg_rewrite v on v.ev_class = r.relation and v.rulename = '_RETURN'
), read as (
  select rule.view, d.refobjid as relation, d.refobjsubid as column_number, rule.whole_row
  from rule
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = rule.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> rule.view
)
select reached.reader, n.nspname, c.relname, c.relkind, bool_or(read.whole_row) as whole_row,
       array_agg(distinct a.attname::text) filter (where a.attnum > 0) as columns
from reached
join read on read.view = reached.relation
join pg_class c on c.oid = read.relation
join pg_namespace n on n.oid = c.relnamespace
left join pg_attribute a on a.attrelid = c.oid and a.attnum = read.column_number
where c.relkind not in ('v', 'c')  -- a field of a composite type is no row of a table
group by reached.reader, n.nspname, c.relname, c.relkind
order by reached.reader, n.nspname, c.relname
