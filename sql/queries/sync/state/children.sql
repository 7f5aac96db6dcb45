-- Foreign keys among the tables $1, by their places from 0: the one that refers, and the other.
select distinct (child.place - 1)::int as child, (parent.place - 1)::int as parent
from pg_constraint f
join unnest($1::text[]) with ordinality child(name, place) on child.name::regclass = f.conrelid
join unnest($1::text[]) with ordinality parent(name, place) on parent.name::regclass = f.confrelid
where f.contype = 'f' and f.conrelid <> f.confrelid
