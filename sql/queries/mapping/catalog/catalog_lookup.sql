-- The body of function $1 (of the session's own temporary schema) as the server has understood it: every name qualified.
select p.oid, pg_get_function_sqlbody(p.oid) as body
from pg_proc p
where p.proname = $1 and p.pronamespace = pg_my_temp_schema()
