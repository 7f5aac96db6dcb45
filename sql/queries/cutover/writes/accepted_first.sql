-- How many keys v1 goes without, which somebody has accepted.
select count(*) as keys from crossfade.quarantine where migration = $1 and accepted_by is not null
