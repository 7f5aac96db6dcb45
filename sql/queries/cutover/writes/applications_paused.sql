-- Whether a move of the writes let its hook keep the applications waiting, and was not seen to let them go again.
select coalesce((select a.action = 'applications paused' from crossfade.audit a
                 where a.migration = $1 and a.action in ('applications paused', 'applications resumed') order by a.id desc limit 1), false)
