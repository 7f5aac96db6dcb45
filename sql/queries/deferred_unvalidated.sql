-- Foreign keys that came back after a load and do not hold for all old rows yet, as far as the server knows.
select d.target, d.name, d.validate_sql from crossfade.deferred d
join pg_constraint k on k.contype = 'f' and not k.convalidated and format('%s on %s', k.conname, k.conrelid::regclass) = d.name
where d.migration = $1 and d.stage = 2 and d.built and d.validate_sql is not null
order by d.target, d.name
