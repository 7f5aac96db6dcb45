with targets as (
  delete from crossfade.written where migration = $1 and direction = $2
)
delete from crossfade.watched where migration = $1 and direction = $2
