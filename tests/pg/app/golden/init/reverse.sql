-- One view for each table of v1, over v2: they keep v1 true once the writes have moved, so that these can move back. Who wants
-- no way back removes this file, and reverse and schemas.reverse from migration.yaml.

create view library_unmap.books as
select
  b.id,
  b.isbn,
  b.title,
  b.shelf
from library_v2.books b;

create view library_unmap.loans as
select
  l.book_id,
  l."lentOn",
  l.member_id,
  l."backOn"
from library_v2.loans l;

create view library_unmap.members as
select
  m.id,
  m.name,
  m.joined
from library_v2.members m;
