-- Foreign keys of migration $1 that are left out until the flip, as the statements that bring them back to v2's table where it is now.
select format('%I.%I', m.shadow_schema, d.target) as table_name, d.name, format(d.create_sql, format('%I.%I', m.shadow_schema, d.target)) as create_sql,
       format(d.validate_sql, format('%I.%I', m.shadow_schema, d.target)) as validate_sql
from crossfade.deferred d join crossfade.migration m on m.name = d.migration
where d.migration = $1 and d.stage = 3
order by 1, 2
