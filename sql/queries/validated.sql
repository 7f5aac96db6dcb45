-- What is validated, or gone, need not be looked at again.
delete from crossfade.unvalidated u
where u.migration = $1 and not exists (select from pg_constraint k where k.conrelid = u.relation and k.conname = u.name and not k.convalidated)
