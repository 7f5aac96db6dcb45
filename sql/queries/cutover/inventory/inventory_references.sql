-- Foreign keys of v2 to tables that stay. Those that are left out come with v2; where $5, the flip back, those that v2 has are left out
-- again. $1, $2: the schemas of v2's tables $4 before and after the move. $3: the migration. $6: links, as of foreign keys.
with left_out as (
  select format('%I.%I', $1::text, d.target) as place, format('%I.%I', $2::text, d.target) as after, d.name, d.refers_to, r.relname, s.nspname,
         d.create_sql, d.validate_sql is not null as validated, substr(d.name, 1, length(d.name) - length(' to ' || d.refers_to::regclass)) as key,
         exists (select from jsonb_to_recordset($6::jsonb) as l (owner text) where to_regclass(l.owner) = d.refers_to) as own
  from crossfade.deferred d left join pg_class r on r.oid = d.refers_to left join pg_namespace s on s.oid = r.relnamespace
  where d.migration = $3 and d.stage = 3 and d.target = any ($4::text[]) and not $5
), judged as (
  select l.*, case when relname is null then 'the table it refers to is gone'
                   when own then 'it refers to a table of v1 itself'
                   when not has_table_privilege(refers_to, 'REFERENCES') then format('%s may not refer to %I.%I', current_user, nspname, relname) end as hindrance
  from left_out l
)
select format('reference %s of %s', name, place) as object, 'left out, so that nobody who writes there waits for the daemon' as way,
       case when hindrance is null then 'carry' else 'block' end as handling,
       case when hindrance is not null then 'cannot come back: ' || hindrance
            when validated then 'comes back, and is validated after the commit' else 'comes back, not validated as it was' end as flip,
       'is left out again' as rollback,
       case when relname is null then 'make the table again' when own then 'let it refer to that side''s own table in v2.sql'
            else format('grant references on %I.%I to %I', nspname, relname, current_user) end as fix,
       format('select crossfade.make_key(%L, %L, %L, %L, %L)', $3::text, after, key, create_sql, validated) as sql,
       case when relname is null then '' else array[nspname, relname]::text[]::text end as locked, '' as referred
from judged
union all
select format('reference %s to %s of %s', k.conname, k.confrelid::regclass, k.conrelid::regclass), 'refers to a table that stays', 'carry',
       'is left out from then on, so that nobody who writes there waits for the daemon', 'comes back', '',
       format('select crossfade.leave_key_out(%L, %L, %s)', $3::text, t.relname, k.oid), array[s.nspname, r.relname]::text[]::text, ''
from pg_constraint k
join pg_class c on c.oid = k.conrelid
join pg_class t on t.oid = coalesce(pg_partition_root(c.oid), c.oid)
join pg_class r on r.oid = k.confrelid
join pg_namespace s on s.oid = r.relnamespace
where $5 and k.contype = 'f' and k.conparentid = 0 and t.relname = any ($4::text[]) and t.relnamespace = to_regnamespace(quote_ident($2::text))
  -- A partition's own stays, unless it waits for the table's.
  and (c.oid = t.oid or exists (select from crossfade.unvalidated u where u.migration = $3 and u.relation = t.oid and u.name = k.conname))
  and s.nspname <> $1 and not (r.relname = any ($4::text[]) and r.relnamespace = t.relnamespace)
  and not exists (select from jsonb_to_recordset($6::jsonb) as l (follower text) where to_regclass(l.follower) = k.confrelid)
  -- Those that v2 was only lent go for good.
  and not exists (select from crossfade.moved m join pg_constraint o on o.oid = m.object and o.conname = k.conname
                  where m.migration = $3 and m.class = 'pg_constraint'::regclass and coalesce(pg_partition_root(o.conrelid), o.conrelid) = t.oid)
order by 1
