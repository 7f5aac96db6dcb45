-- The second unique keys of table $1, as expressions that are null in a row which the index leaves out.
select string_agg(case when i.indpred is null then pg_get_indexdef(i.indexrelid, n, true)
                  else format('case when %s then %s end', pg_get_expr(i.indpred, i.indrelid), pg_get_indexdef(i.indexrelid, n, true)) end,
                  ', ' order by n)
from pg_index i, generate_series(1, i.indnkeyatts) n
where i.indrelid = $1::text::regclass and i.indisunique and not i.indisprimary
group by i.indexrelid
