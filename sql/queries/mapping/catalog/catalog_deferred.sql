-- Keys of migration $1 that a bulk load has taken off, as the statements that bring them back, and whether they are back.
select create_sql, built from crossfade.deferred
where migration = $1 and stage < 3 and create_sql ~ ' (PRIMARY|FOREIGN) KEY \('
order by target, name
