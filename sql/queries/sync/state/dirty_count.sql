-- Without the targets $2, which are parked.
select count(*) from crossfade.dirty where migration = $1 and target <> all ($2::text[])
