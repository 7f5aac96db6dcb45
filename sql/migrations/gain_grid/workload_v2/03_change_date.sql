-- A log goes to another day, and so out of its workout.
update public."WorkoutLog" l set "date" = l."date" - random() * interval '10 days', "updatedAt" = now()
where l."id" = (select x."id" from public."WorkoutLog" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1);
