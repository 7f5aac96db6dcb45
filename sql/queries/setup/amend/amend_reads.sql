-- Whether everybody reads v2; until the transaction ends no flip of the reads can change it.
select percent >= 100 as all_read_v2 from crossfade.reads where migration = $1 for update
