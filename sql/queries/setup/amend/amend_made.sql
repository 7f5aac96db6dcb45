-- Of migration $1: schema $2 is crossfade's own, or ($3 false) is gone. Whoever ends the migration drops what it made.
update crossfade.migration set made_schemas = case when $3 then array_append(made_schemas, $2) else array_remove(made_schemas, $2) end
where name = $1 and ($2 = any (made_schemas)) <> $3
