-- All logs of the workout change with it.
update public."Workout" w set "date" = w."date" - random() * interval '10 days', "updatedAt" = now()
where w."id" = (select x."id" from public."Workout" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1);
