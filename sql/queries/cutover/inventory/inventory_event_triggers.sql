-- Event triggers that what a flip does to the tables sets off, and that may refuse it. Those of an extension are that one's to answer for.
select format('event trigger %I', e.evtname) as object,
       format('calls %s at %s: %s', e.evtfoid::regprocedure, e.evtevent, coalesce(array_to_string(e.evttags, ', '), 'whatever is changed')) as way,
       'said' as handling, 'is set off by the flip, which it can refuse' as flip, 'is set off by the rollback, which it can refuse' as rollback,
       '' as fix, '' as sql, '' as locked, '' as referred
from pg_event_trigger e
where e.evtenabled in ('O', 'A') and e.evtevent in ('ddl_command_start', 'ddl_command_end', 'sql_drop')
  and (e.evttags is null
       or e.evttags && '{ALTER TABLE,ALTER INDEX,ALTER SEQUENCE,ALTER FUNCTION,ALTER TYPE,ALTER TRIGGER,CREATE TRIGGER,DROP TRIGGER,CREATE VIEW,DROP VIEW,'
                       'CREATE PUBLICATION,DROP PUBLICATION,COMMENT,GRANT,REVOKE}'::text[])
  and not exists (select from pg_depend d where d.classid = 'pg_event_trigger'::regclass and d.objid = e.oid and d.deptype = 'e')
order by 1
