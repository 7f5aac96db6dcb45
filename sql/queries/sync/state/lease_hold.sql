-- No row: another daemon leads. Else nobody becomes the leader before this transaction ends.
select 1 from crossfade.lease where migration = $1 and epoch = $2::bigint for share
