-- From here to the end of the transaction neither the engine nor another flip can commit anything.
select l.epoch from crossfade.lease l join crossfade.reads r using (migration) where l.migration = $1 for update
