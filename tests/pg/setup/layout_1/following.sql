-- Migration gym as the version with layout 1 left it while it followed: after engine.sql, v2.sql, mapping.sql and reverse.sql.
create trigger crossfade_fence before insert or update or delete or truncate on gym_v2.plans for each statement execute function crossfade.fence('gym', 'v1');
create trigger crossfade_fence before insert or update or delete or truncate on gym_v2.weeks for each statement execute function crossfade.fence('gym', 'v1');
create trigger crossfade_fence before insert or update or delete or truncate on gym_v2.exercises for each statement execute function crossfade.fence('gym', 'v1');
create publication crossfade_gym for table public.exercises, public.plans with (publish_via_partition_root = true);
insert into crossfade.migration (name, phase, shadow_schema, mapping_schema, made_schemas) values ('gym', 'following', 'gym_v2', 'gym_map', '{gym_v2,gym_map,gym_unmap}');
insert into crossfade.lease (migration, epoch) values ('gym', 7);
insert into crossfade.reads (migration) values ('gym');
insert into crossfade.backfill (migration, target, bulk, estimated_rows, finished_at)
select 'gym', target, true, 100, now() from unnest('{plans,weeks,exercises}'::text[]) target;
insert into crossfade.quarantine (migration, target, locator, key, sqlstate, message) values ('gym', 'exercises', 'id', '{5}', '22001', 'value too long');
set crossfade.writer = 'gym';
insert into gym_v2.plans select * from gym_map.plans;
insert into gym_v2.weeks select * from gym_map.weeks;
insert into gym_v2.exercises select * from gym_map.exercises;
reset crossfade.writer;
