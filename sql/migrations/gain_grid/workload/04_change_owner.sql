-- A workout that was recorded by the wrong user; one in ten loses its user, and leaves v2 with all its logs.
update public."Workout" w
set "userId" = case when random() < 0.1 then 'cnobody' else coalesce((select x."id" from public."User" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1), w."userId") end, "updatedAt" = now()
where w."id" = (select x."id" from public."Workout" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1);
