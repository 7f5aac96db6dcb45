-- Schemas that the migrations of this database have made for themselves.
select distinct schema from crossfade.migration m cross join unnest(m.made_schemas) schema where m.phase <> 'completed'
