-- Foreign keys of migration $1 that its rows did not let be made, as what makes them.
select name, create_sql from crossfade.deferred where migration = $1 and stage = 2 and not built order by name
