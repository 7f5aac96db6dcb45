-- What two servers are held against each other by: one database, its version, and how it orders texts that say nothing else.
select format('%s/%s', s.system_identifier, d.oid) as id, d.datname as database, extract(epoch from pg_postmaster_start_time()) as started,
       current_setting('port') || ' ' || current_setting('data_directory', true) as place, current_user as role,
       current_setting('server_version_num')::int / 10000 as major, getdatabaseencoding() as encoding,
       concat_ws(' ', d.datcollate, coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
                 case coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') when 'i' then 'by ICU' when 'b' then 'built in' else 'by the C library' end) as collation,
       to_jsonb(d) ->> 'datcollversion' as collation_version,
       has_database_privilege(d.datname, 'CREATE') or exists (select from pg_namespace where nspname = 'crossfade') as may_create,
       pg_is_in_recovery() as standby
from pg_control_system() s, pg_database d
where d.datname = current_database()
