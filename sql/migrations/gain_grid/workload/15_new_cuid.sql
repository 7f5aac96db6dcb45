-- A workout gets another id, and what was done in it follows, in one transaction.
with old as (
  select (select x."id" from public."Workout" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1) as "id", 'c' || left(md5(random()::text || clock_timestamp()), 24) as "newId"
), children as (
  update public."WorkoutExercise" e set "workoutId" = o."newId" from old o where e."workoutId" = o."id"
)
update public."Workout" w set "id" = o."newId" from old o where w."id" = o."id";
