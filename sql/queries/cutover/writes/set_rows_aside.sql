-- In the transaction that holds the locks: what v1 cannot take is written down, and keeps nobody.
select crossfade.set_rows_aside($1, $2, $3, $4::jsonb, coalesce(nullif($5, ''), session_user))
