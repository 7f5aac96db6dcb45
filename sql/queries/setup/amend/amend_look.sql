-- Where a migration is: the stable views' schema, whether everybody reads v2, the schemas that crossfade made; and after how many
-- milliseconds of waiting the server looks for deadlocks.
select coalesce(m.stable_schema, '') as stable_schema,
       coalesce((select r.percent >= 100 from crossfade.reads r where r.migration = m.name), false) as all_read_v2, m.made_schemas,
       (select s.setting::int from pg_settings s where s.name = 'deadlock_timeout') as deadlock_timeout
from crossfade.migration m where m.name = $1
