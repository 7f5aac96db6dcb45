-- What people do most: a little more than last time.
update public."WorkoutLog" l set "weight" = coalesce(l."weight", 20) + 2.5, "updatedAt" = now()
where l."id" = (select x."id" from public."WorkoutLog" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1);
