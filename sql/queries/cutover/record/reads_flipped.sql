select exists (select from crossfade.audit where migration = $1 and detail ->> 'flip' = $2)
