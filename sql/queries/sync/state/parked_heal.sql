delete from crossfade.parked p
where p.migration = $1 and p.next_at <= now()
  and not exists (select from crossfade.dirty d where d.migration = $1 and d.target = p.target)
  and not exists (select from crossfade.backfill b where b.migration = $1 and b.target = p.target and b.finished_at is null)
returning p.target
