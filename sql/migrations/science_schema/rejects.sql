-- Rows of v1 that are left out on purpose, each with the reason. What stands here does not stand in the mapping, and the
-- other way round.

create view science_map.rejected_exercise_sets as
select e.id, 'the set belongs to no session' as reason
from public.exercise_sets e
where e.session_id is null;
