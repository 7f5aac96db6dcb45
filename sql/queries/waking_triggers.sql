-- Triggers on tables $1 that fire on what crossfade writes and do not rest: as trigger, table, whether that was said on purpose
-- (enable always).
select t.tgname, t.tgrelid::regclass, t.tgenabled = 'A' as on_purpose
from pg_trigger t
where t.tgrelid in (select to_regclass(name) from unnest($1::text[]) name
                    union select p.relid from unnest($1::text[]) name cross join pg_partition_tree(to_regclass(name)) p)
  and not t.tgisinternal and t.tgparentid = 0 and t.tgenabled in ('O', 'A') and t.tgname <> 'crossfade_fence'
order by 2, 1
