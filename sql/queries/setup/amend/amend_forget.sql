-- Of a target that the migration no longer has.
with backfill as (
  delete from crossfade.backfill where migration = $1 and target = $2
), chunk as (
  delete from crossfade.chunk where migration = $1 and target = $2
), dirty as (
  delete from crossfade.dirty where migration = $1 and target = $2
), deferred as (
  delete from crossfade.deferred where migration = $1 and target = $2
), quarantine as (
  delete from crossfade.quarantine where migration = $1 and target = $2
), parked as (
  delete from crossfade.parked where migration = $1 and target = $2
), resting as (
  delete from crossfade.disabled_trigger where migration = $1 and relation not in (select oid from pg_class)
)
delete from crossfade.touchable where migration = $1 and target = $2
