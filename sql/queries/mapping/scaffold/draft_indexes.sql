-- The indexes of table $1 that no constraint brings, for the table of the same name in schema $3. Not the one that is $2, which
-- is the primary key of the new table.
select format('create %sindex %I on %I.%I %s;', case when i.indisunique then 'unique ' else '' end, c.relname, $3::text, t.relname,
              regexp_replace(regexp_replace(substr(pg_get_indexdef(c.oid), length(format('CREATE %sINDEX %I ON %s%s ', case when i.indisunique then 'UNIQUE ' else '' end,
                                    c.relname, case when c.relkind = 'I' then 'ONLY ' else '' end, t.oid::regclass)) + 1), '^USING btree ', ''), '^USING ', 'using '))
from pg_index i
join pg_class c on c.oid = i.indexrelid
join pg_class t on t.oid = i.indrelid
where i.indrelid = $1::oid and i.indisvalid and c.oid <> $2::oid
  and not exists (select from pg_constraint k where k.conindid = c.oid and k.conrelid = t.oid and k.contype in ('p', 'u', 'x'))
order by c.relname
