-- A waiver by name: the flip of the writes goes ahead without what this key was to bring; or ('withdraw') it is taken back. Nothing is done where the
-- key waits in several targets and none of them is named ($4): they are given.
with those as (
  select q.ctid as place, q.target, q.key, q.message from crossfade.quarantine q
  where q.migration = $1 and (q.key = array[$2] or q.key::text = $2) and ($4 = '' or q.target = $4) and (q.accepted_by is null) = ($5 = 'accept')
), changed as (
  update crossfade.quarantine q set accepted_by = case when $5 = 'accept' then coalesce(nullif($3, ''), session_user) end
  from those where q.ctid = those.place and (select count(distinct target) from those) = 1
  returning q.target, q.key, q.message
), written as (
  insert into crossfade.audit (migration, who, action, detail)
  select $1, coalesce(nullif($3, ''), session_user), 'quarantine ' || $5,
         jsonb_build_object('target', target, 'key', key, 'message', message, 'role', session_user)
  from changed
)
select array(select distinct target from those order by 1) as targets, (select count(*) from changed) as changed
