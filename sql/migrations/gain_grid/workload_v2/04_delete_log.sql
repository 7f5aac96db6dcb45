delete from public."WorkoutLog" l
where l."id" = (select x."id" from public."WorkoutLog" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1);
