-- What was done in it stays, each in a log that says so by itself.
delete from public."Workout" w
where random() < 0.5 and exists (select from public."WorkoutLog") and w."id" = (select x."id" from public."Workout" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1);
