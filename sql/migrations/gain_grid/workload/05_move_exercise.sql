-- What was done is moved to another workout, perhaps another user's.
with workout as (
  select w."id" from public."Workout" w where w."id" >= 'c' || md5(random()::text) order by w."id" limit 1 for key share
)
update public."WorkoutExercise" e set "workoutId" = w."id", "updatedAt" = now()
from workout w
where e."id" = (select x."id" from public."WorkoutExercise" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1);
