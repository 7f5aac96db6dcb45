-- The share as it is; until the transaction ends no other flip can change it.
select percent from crossfade.reads where migration = $1 for update
