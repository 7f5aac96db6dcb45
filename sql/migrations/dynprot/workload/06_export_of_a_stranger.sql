insert into public.localstorage_exports (export)
select jsonb_build_object('userId', 'late_' || (random() * 20)::int, 'meals', jsonb_build_array(jsonb_build_object(
  'description', 'First meal', 'protein', 20, 'timestamp', '2025-05-05T12:00:00Z', 'id', 'm' || (random() * 1000)::int)))
on conflict do nothing;
