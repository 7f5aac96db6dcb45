update public."User" u set "name" = 'Renamed at ' || now(), "updatedAt" = now()
where u."id" = (select x."id" from public."User" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1);
