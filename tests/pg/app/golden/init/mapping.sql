-- One view for each table of v2, with its name and its columns. A row of the view is a row of the table. Join what you like, and
-- tell migration.yaml which table you have joined.

create view library_map.books as
select
  b.id,
  b.isbn,
  b.title,
  b.shelf
from public.books b;

create view library_map.loans as
select
  l.book_id,
  l."lentOn",
  l.member_id,
  l."backOn"
from public.loans l;

create view library_map.members as
select
  m.id,
  m.name,
  m.joined
from public.members m;

-- Left out: public.visits: it has no primary key, and no unique index over columns that are never null.
