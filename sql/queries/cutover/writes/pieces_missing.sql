-- Foreign keys and indexes of migration $1 that could not be made for its rows, as what makes them.
select d.name, d.create_sql, case d.stage when 1 then 'index' else 'foreign key' end as kind
from crossfade.deferred d join crossfade.backfill b using (migration, target)
where d.migration = $1 and not d.built and (d.stage = 2 or d.stage = 1 and b.finished_at is not null) order by d.name
