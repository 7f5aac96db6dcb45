-- Of orders (their places $1) by columns of a table ($2: oid, $3: attribute numbers, $4: those of them that the rows are divided by
-- before, $5: whether no other table is joined): those that settle which row comes first, because a unique key is among them and
-- is not what the rows are divided by.
select distinct o.place
from unnest($1::int[], $2::oid[], $3::text[], $4::text[], $5::boolean[]) o (place, relation, ordered, divided, alone)
join pg_index i on i.indrelid = o.relation and i.indisunique and i.indpred is null and i.indexprs is null
where i.indkey::int2[] <@ o.ordered::int2[] and (o.alone or not i.indkey::int2[] <@ o.divided::int2[])
  and not exists (select from pg_attribute a where a.attrelid = o.relation and a.attnum = any (i.indkey::int2[]) and not a.attnotnull)
