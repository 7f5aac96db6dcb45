-- What is validated, or gone, need not be looked at again.
delete from crossfade.unvalidated u
where u.migration = $1 and not exists (select from crossfade.keys_to_validate($1) k where k.relation = u.relation and k.name = u.name)
