create view generated_map.lines as select id, qty, unit_cents, total_cents, note from public.lines;

create view generated_map.big_lines as select id, qty from public.lines where big;

create view generated_map.sums as select note, sum(total_cents) as total_cents from public.lines group by note;

create view generated_map.words as select word, code from public.words;

create view generated_map.people as select id, split_part(name, ' ', 1) as first, split_part(name, ' ', 2) as last from public.people;
