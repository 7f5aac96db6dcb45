-- Whether v1 goes without some keys, which somebody has accepted.
select exists (select from crossfade.quarantine where migration = $1 and accepted_by is not null) as any
