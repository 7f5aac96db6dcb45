select source, total_rows, mapped_rows, rejected_rows, unaccounted_rows from crossfade.account where migration = $1 order by source
