-- Functions by name that make one value of many rows, and many rows of one; collations by which texts are equal that are not the same.
select (select array_agg(distinct p.proname::text) from pg_proc p where p.prokind = 'a') as aggregates,
       (select array_agg(distinct p.proname::text) from pg_proc p where p.proretset) as set_returning,
       (select array_agg(n.nspname || E'\n' || l.collname) from pg_collation l join pg_namespace n on n.oid = l.collnamespace where not l.collisdeterministic) as loose
