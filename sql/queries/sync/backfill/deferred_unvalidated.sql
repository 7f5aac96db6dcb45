-- Foreign keys that came back after a load, and checks that came with an amend, that do not hold for all old rows yet, as far as the server knows;
-- of a check its expression.
select d.target, d.name, d.validate_sql, pg_get_expr(k.conbin, k.conrelid) as expression from crossfade.deferred d
join pg_constraint k on k.contype in ('c', 'f') and (not k.convalidated and to_jsonb(k) ->> 'conenforced' is distinct from 'false' or d.validate_sql like '%set not null%') and format('%s on %s', k.conname, k.conrelid::regclass) = d.name
where d.migration = $1 and d.stage = 2 and d.built and d.validate_sql is not null
order by d.target, d.name
