create view generated_unmap.lines as
select id, qty, unit_cents, coalesce(note || case when found_by @@ 'urgent'::tsquery then '!' end, note) as note from generated_v2.lines;

create view generated_unmap.words as select word, code from generated_v2.words;

create view generated_unmap.people as select id, name from generated_v2.people;
