select shadow_schema, mapping_schema, coalesce(stable_schema, '') as stable_schema, made_schemas, phase from crossfade.migration where name = $1
