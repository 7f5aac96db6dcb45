-- With plans, blocks and weeks; and another registers.
with gone as (
  delete from public.users u
  where u.id = (select x.id from public.users x where x.id >= md5(random()::text)::uuid order by x.id limit 1)
)
insert into public.users (name, phone_number) values ('New client', md5(random()::text || clock_timestamp()));
