-- What takes the tables of ids of migration $1 away, with the views that join them where those are not dropped yet.
select format('drop table if exists %I.%I cascade', 'crossfade', ids) from crossfade.surrogate where migration = $1
