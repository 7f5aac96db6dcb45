-- One text for all that is watched as it is now: another one where anything has changed, even if it was changed back.
select md5(coalesce(string_agg(n.object || ' ' || coalesce(n.state, ''), E'\n' order by n.object), '')) from crossfade.shape_now($1, $2) n
