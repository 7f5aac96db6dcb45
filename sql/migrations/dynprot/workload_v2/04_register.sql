-- With a profile, of which v1 knows nothing.
with registered as (
  insert into public.users (id, email, username, password, email_verified)
  select id, id || '@example.com', id, 'secret', true from (select 'v2_' || (random() * 100000)::int as id) n
  on conflict do nothing
  returning id
)
insert into public.user_profiles (user_id, daily_protein_goal_g) select id, 120 from registered on conflict do nothing;
