-- The table of a target.
insert into crossfade.written (migration, direction, target, relation)
select $1, $2, $3, relation::oid from to_regclass($4) relation where relation is not null
