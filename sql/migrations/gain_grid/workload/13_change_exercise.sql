-- Renamed or put into another category; one in twenty is deleted, and what was done of it leaves v2.
with chosen as (
  select (select x."id" from public."Exercise" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1) as "id", random() < 0.05 as deleted
), gone as (
  delete from public."Exercise" e using chosen c where e."id" = c."id" and c.deleted
)
update public."Exercise" e
set "category" = (array['STRENGTH', 'CARDIO', 'FLEXIBILITY', 'BODYWEIGHT']::public."ExerciseCategory"[])[1 + (random() * 3)::int], "updatedAt" = now()
from chosen c
where e."id" = c."id" and not c.deleted;
