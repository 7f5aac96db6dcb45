delete from public."WorkoutExercise" e
where e."id" = (select x."id" from public."WorkoutExercise" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1);
