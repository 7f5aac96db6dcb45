-- How long the last flip of the writes held: its last attempt, without what is done before the locks and after the commit.
select sum(f.milliseconds)
from crossfade.flight f
where f.migration = $1 and f.step not in ('way back', 'quiet', 'validate', 'tidy')
  and f.flip = (select a.detail ->> 'flip' from crossfade.audit a
                where a.migration = $1 and a.action in ('cutover writes', 'rollback writes') order by a.id desc limit 1)
  and f.attempt = (select max(g.attempt) from crossfade.flight g where g.flip = f.flip)
