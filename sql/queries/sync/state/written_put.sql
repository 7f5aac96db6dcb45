-- The table of a target, by its quoted name $4.
insert into crossfade.written (migration, direction, target, relation, name)
select $1, $2, $3, relation::oid, $4 from to_regclass($4) relation where relation is not null
