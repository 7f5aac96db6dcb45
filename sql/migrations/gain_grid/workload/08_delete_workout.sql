-- As the client deletes it: children first, in one transaction. One in five forgets the children.
with gone as (
  select (select x."id" from public."Workout" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1) as "id"
), children as (
  delete from public."WorkoutExercise" e using gone where e."workoutId" = gone."id" and random() > 0.2
)
delete from public."Workout" w using gone where w."id" = gone."id";
