-- By which settings values differ that are made with functions $2 of types $3 (0: a cast by way of text) for columns $1; "": which rows
-- there are. Of the server's own functions: what others do is theirs to say.
with made as (
  select m.name, m.function, p.proname, p.proargtypes::oid[] as takes, p.prorettype as gives,
         p.proargtypes::oid[] && array['"any"'::regtype, 'anyelement'::regtype, 'anynonarray'::regtype, 'anyarray'::regtype, 'record'::regtype]::oid[] as takes_any,
         coalesce(e.typtype, y.typtype) as kind, coalesce(e.typrelid, y.typrelid) as row, coalesce(e.oid, y.oid) as type
  from unnest($1::text[], $2::oid[], $3::oid[]) m (name, function, type)
  left join pg_proc p on p.oid = m.function and p.pronamespace = 'pg_catalog'::regnamespace and p.provolatile = 's'
  left join pg_type t on t.oid = m.type
  left join pg_type y on y.oid = case when t.typtype = 'd' then t.typbasetype else t.oid end
  left join pg_type e on y.typcategory = 'A' and e.oid = y.typelem
  where m.function = 0 or p.oid is not null
), printed as (
  -- Made text of, or of text.
  select m.name, coalesce(m.proname ~ 'json', false) as as_json, coalesce(a.atttypid, m.type) as type
  from made m left join pg_attribute a on m.kind = 'c' and a.attrelid = m.row and a.attnum > 0 and not a.attisdropped
  where m.function = 0 or m.takes_any
), depends (name, setting) as (
  select name, 'TimeZone' from made where function <> 0 and 'timestamptz'::regtype = any (takes || gives)
  union
  select name, 'lc_monetary' from made where function <> 0 and 'money'::regtype = any (takes || gives)
  union
  select name, 'default_text_search_config' from made
  where proname ~ '(to_tsvector|to_tsquery|ts_headline|get_current_ts_config)$' and 'regconfig'::regtype <> all (takes)
  union
  select name, case when takes[0] in ('timestamptz'::regtype, 'timestamp'::regtype, 'interval'::regtype) or proname in ('to_date', 'to_timestamp') then 'lc_time' else 'lc_numeric' end
  from made where proname in ('to_char', 'to_number', 'to_date', 'to_timestamp')
  union
  select p.name, s.setting from printed p
  join (values ('date'::regtype, 'DateStyle'), ('timestamp', 'DateStyle'), ('timestamptz', 'DateStyle'), ('timestamptz', 'TimeZone'),
               ('interval', 'IntervalStyle'), ('money', 'lc_monetary'), ('bytea', 'bytea_output')) s (type, setting) on s.type = p.type
  where not (p.as_json and s.setting = 'DateStyle')
)
select string_agg(distinct nullif(d.name, ''), ', ' order by nullif(d.name, '')) as columns, bool_or(d.name = '') as rows, s.name as setting, s.reset_val as value
from depends d join pg_settings s on lower(s.name) = lower(d.setting)
group by s.name, s.reset_val
order by s.name
