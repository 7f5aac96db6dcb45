-- What drops all that stands in schema $1. The schema stays: with another one each plan that a session has would be made anew.
select format('drop %s if exists %s cascade', i.type, i.identity)
from pg_depend d cross join lateral pg_identify_object(d.classid, d.objid, d.objsubid) i
where d.refclassid = 'pg_namespace'::regclass and d.refobjid = to_regnamespace(quote_ident($1)) and d.deptype = 'n' and d.classid <> 'pg_default_acl'::regclass
order by d.classid = 'pg_class'::regclass desc, d.objid
