-- Operators by which the keys of an index are equal, of whatever type.
select amopopr as operator from pg_amop where amopmethod = (select oid from pg_am where amname = 'btree') and amopstrategy = 3
