-- A workout with what was done in it, in one transaction.
with owner as (
  select u."id" from public."User" u where u."id" >= 'c' || md5(random()::text) order by u."id" limit 1 for key share
), workout as (
  insert into public."Workout" ("id", "name", "date", "userId", "updatedAt")
  select 'c' || left(md5(random()::text || clock_timestamp()), 24), 'Fresh start', timestamp '2025-09-01 18:00:00' + random() * interval '60 days', o."id", now()
  from owner o
  returning "id"
)
insert into public."WorkoutExercise" ("id", "workoutId", "exerciseId", "sets", "reps", "weight", "time", "updatedAt")
select 'c' || left(md5(random()::text || clock_timestamp() || x."id"), 24), w."id", x."id", 3, 8, 20 + random() * 60, 10, now()
from workout w
cross join lateral (select e."id" from public."Exercise" e where e."id" >= 'c' || left(md5(w."id"), 24) order by e."id" limit 4) x;
