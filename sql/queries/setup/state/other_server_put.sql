insert into crossfade.other_server (migration, here, id, place) values ($1, $2, $3, $4)
on conflict (migration) do update set here = excluded.here, id = excluded.id, place = excluded.place
