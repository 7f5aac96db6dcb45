update public."User" u set "name" = 'Renamed at ' || now(), "height" = 150 + (random() * 60)::int, "updatedAt" = now()
where u."id" = (select x."id" from public."User" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1);
