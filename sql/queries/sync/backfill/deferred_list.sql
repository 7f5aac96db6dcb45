select target, name, create_sql, validate_sql, indexed_by, excluded_by from crossfade.deferred
where migration = $1 and stage = $2::int and not built
order by target, create_sql like '%PRIMARY KEY%' desc, name
