-- Functions by name that make one value of many rows, and many rows of one.
select (select array_agg(distinct p.proname::text) from pg_proc p where p.prokind = 'a') as aggregates,
       (select array_agg(distinct p.proname::text) from pg_proc p where p.proretset) as set_returning
