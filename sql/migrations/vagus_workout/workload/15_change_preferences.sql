-- A new user, or one who has made up their mind.
with writer as (
  insert into auth.users (id, email)
  values (('00000000-0000-4000-8000-' || lpad(to_hex((random() * 300)::int), 12, '0'))::uuid, 'new@example.com')
  on conflict (id) do update set email = excluded.email
  returning id
)
insert into public.notification_preferences as n (user_id, preferences)
select w.id, '{"workout_reminder_time": "07:00"}' from writer w
on conflict (user_id) do update set preferences = n.preferences || '{"weekly_summary_enabled": false}', updated_at = now();
