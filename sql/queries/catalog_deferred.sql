-- Keys of migration $1 that a bulk load has taken off, as the statements that bring them back.
select create_sql from crossfade.deferred
where migration = $1 and stage < 3 and not built and create_sql ~ ' (PRIMARY|FOREIGN) KEY \('
order by target, name
