-- A view or a source, by its name as it is now.
insert into crossfade.watched (migration, direction, name, relation, is_view, targets, columns)
select $1, $2, relation::text, relation::oid, $4::boolean, $5::text[], $6::text[] from to_regclass($3) relation where relation is not null
