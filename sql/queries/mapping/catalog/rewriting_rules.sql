-- Rules of tables $1 that act on what crossfade writes there, and whether it cannot be written so: the server takes no "on conflict" beside
-- rules for insert and update, and one that acts instead leaves a row where it is.
select r.rulename, r.ev_class::regclass as relation, r.is_instead or r.ev_type in ('2', '3') as refused, whole.name as whole
from unnest($1::text[]) whole (name)
join pg_rewrite r on r.ev_class = to_regclass(whole.name)
where r.ev_type <> '1' and r.ev_enabled in ('O', 'A')
order by 2, 1
