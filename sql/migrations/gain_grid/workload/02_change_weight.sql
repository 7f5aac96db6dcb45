-- What people do most: a little more than last time.
update public."WorkoutExercise" e set "weight" = coalesce(e."weight", 20) + 2.5, "updatedAt" = now()
where e."id" = (select x."id" from public."WorkoutExercise" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1);
