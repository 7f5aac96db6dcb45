with lease as (insert into crossfade.lease (migration) values ($1))
insert into crossfade.reads (migration) values ($1)
