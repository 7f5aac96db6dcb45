-- Functions: a key that was left out comes back without a comment too, and what is asked of the catalogs goes by their indexes.
-- And a row that is set aside is kept whole, whatever its columns are called.
-- And a successor ends what a leader that is not there any more has open.
-- And tables that are called as others are to be are renamed in their turn.
drop function if exists crossfade.retire(text, regclass);
-- And at each commit it is looked whether the stream tells everything.
