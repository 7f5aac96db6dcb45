-- In another order: v1 has one list of all blocks.
update public.workout_blocks b set block_order = 1 + (random() * 3)::int
where b.id = (select x.id from public.workout_blocks x where x.id >= (select gen_random_uuid()) order by x.id limit 1);
