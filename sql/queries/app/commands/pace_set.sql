-- Sets the bounds that are given; 0 takes one away. Says what holds then.
update crossfade.migration set
  pace_sessions = case when $2 = '' then pace_sessions else nullif($2::int, 0) end,
  pace_replica_lag = case when $3 = '' then pace_replica_lag else nullif($3::interval, interval '0') end,
  pace_retained_wal = case when $4 = '' then pace_retained_wal else nullif($4::bigint, 0) end
where name = $1
returning pace_sessions, extract(epoch from pace_replica_lag) as pace_replica_lag_seconds, pace_retained_wal,
          pg_size_pretty(pace_retained_wal) as retained_wal_text
