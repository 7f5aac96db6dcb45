create view marks_map.graded as select id, public.grade(points) as grade, mood from public.mark;
create view marks_map.mark as select id, grade, mood::text as mood from marks_map.graded;
create view marks_map.event as select id, day from public.event;
create view marks_map.day as select day, count(*) as events from public.event group by day;
