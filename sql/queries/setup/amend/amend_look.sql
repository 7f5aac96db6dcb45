-- Where a migration is: the stable views' schema, the schemas that crossfade made; and after how many
-- milliseconds of waiting the server looks for deadlocks.
select coalesce(m.stable_schema, '') as stable_schema,
       m.made_schemas,
       (select s.setting::int from pg_settings s where s.name = 'deadlock_timeout') as deadlock_timeout
from crossfade.migration m where m.name = $1
