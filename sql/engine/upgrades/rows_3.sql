-- Layout 2 kept hashes alone: what was said before the first amend is not known.
insert into crossfade.edition (migration, number, how, at, who, lsn)
select m.name, 1, 'prepared', m.prepared_at, '', '0/0' from crossfade.migration m on conflict do nothing;
