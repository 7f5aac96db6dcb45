with lease as (insert into crossfade.lease (migration) values ($1)), secret as (insert into crossfade.secret (migration) values ($1))
insert into crossfade.reads (migration) values ($1)
