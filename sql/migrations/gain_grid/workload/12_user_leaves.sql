-- And leaves workouts behind, which leave v2.
delete from public."User" u
where random() < 0.2 and u."id" = (select x."id" from public."User" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1);
