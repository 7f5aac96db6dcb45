-- Triggers on tables $1 that fire on what crossfade writes and do not rest: as trigger, table, whether that was said on purpose
-- (enable always), and which of $1 it is or is a partition of.
select t.tgname, t.tgrelid::regclass, t.tgenabled = 'A' as on_purpose, whole.name as whole
from (select name, to_regclass(name)::oid as relation from unnest($1::text[]) name
      union select name, p.relid from unnest($1::text[]) name cross join pg_partition_tree(to_regclass(name)) p) whole
join pg_trigger t on t.tgrelid = whole.relation
where not t.tgisinternal and t.tgparentid = 0 and t.tgenabled in ('O', 'A') and t.tgname <> 'crossfade_fence'
order by 2, 1
