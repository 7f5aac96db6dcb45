-- Whether schema $2 was made, with what stands in it, when migration $1 was prepared.
select exists (select from crossfade.migration m where m.name = $1 and $2 = any (m.made_schemas)) as made
