-- How long applications waited for the locks of the last flip of the writes, in the attempt that was done; null where that is not known.
select sum(f.milliseconds)
from crossfade.cutover_step f
where f.migration = $1 and f.held
  and f.flip = (select a.detail ->> 'flip' from crossfade.audit a
                where a.migration = $1 and a.action in ('cutover writes', 'rollback writes') order by a.id desc limit 1)
  and f.attempt = (select max(g.attempt) from crossfade.cutover_step g where g.flip = f.flip)
