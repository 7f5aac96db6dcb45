-- Rows that refer to a row which is not there. The names are those of v1 before the move and of v2 after it.
select
  (select count(*) from loans c where c.book_id is not null and not exists (select from books p where p.id = c.book_id)) +
  (select count(*) from loans c where c.member_id is not null and not exists (select from members p where p.id = c.member_id))
