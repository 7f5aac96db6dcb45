-- Touches no log.
update public."Workout" w set "name" = 'Renamed', "notes" = 'at ' || now(), "updatedAt" = now()
where w."id" = (select x."id" from public."Workout" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1);
