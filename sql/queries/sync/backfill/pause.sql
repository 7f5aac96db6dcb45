-- Holds the migration, or lets it go on; says since when it is held. Pausing twice changes nothing.
with was as (
  select paused_since from crossfade.migration where name = $1
), done as (
  update crossfade.migration set paused_since = case when $2 then coalesce(paused_since, clock_timestamp()) end
  where name = $1 returning paused_since
), written as (
  insert into crossfade.audit (migration, action)
  select $1, case when $2 then 'pause' else 'resume' end from was where $2 = (was.paused_since is null)
)
select extract(epoch from paused_since) from done
