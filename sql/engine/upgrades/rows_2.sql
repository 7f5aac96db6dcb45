-- What each migration has in the tables that layout 1 did not have, once they are there.
insert into crossfade.secret (migration) select name from crossfade.migration on conflict do nothing;
