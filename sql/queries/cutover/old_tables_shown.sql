-- Tables outside that show the old tables $1, which inherit from them or are partitions of theirs, and what ends it.
select i.inhrelid::regclass as old_table, i.inhparent::regclass as shown_by,
       case when c.relispartition then format('alter table %s detach partition %s', i.inhparent::regclass, i.inhrelid::regclass)
            else format('alter table %s no inherit %s', i.inhrelid::regclass, i.inhparent::regclass) end as statement
from unnest($1::text[]) name join pg_inherits i on i.inhrelid = to_regclass(name) join pg_class c on c.oid = i.inhrelid
where i.inhparent not in (select to_regclass(other) from unnest($1::text[]) other where to_regclass(other) is not null)
order by 1, 2
