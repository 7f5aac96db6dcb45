insert into crossfade.migration (name, phase, shadow_schema, mapping_schema, stable_schema, made_schemas)
values ($1, 'prepared', $2, $3, nullif($4, ''), $5::text[])
