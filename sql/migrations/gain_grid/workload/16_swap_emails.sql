-- Two users swap their addresses, by way of one that nobody has.
do $$
declare
  first public."User";
  second public."User";
begin
  select * into first from public."User" u where u."id" >= 'c' || md5(random()::text) order by u."id" limit 1 for update;
  select * into second from public."User" u where u."id" > first."id" order by u."id" limit 1 for update;
  if found then
    update public."User" set "email" = first."id" || '@swap' where "id" = first."id";
    update public."User" set "email" = first."email", "updatedAt" = now() where "id" = second."id";
    update public."User" set "email" = second."email", "updatedAt" = now() where "id" = first."id";
  end if;
end
$$;
