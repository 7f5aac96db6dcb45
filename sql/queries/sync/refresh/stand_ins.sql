-- For table $1, if rows that refer to it would be acted on when one of its rows goes, or by $2 if any may refer to it: of each second unique key a column, and a
-- value for it that no other row has. Nothing for a key that has no column of such a type; a foreign key's columns must not
-- point elsewhere. Of a column of two keys one value.
select distinct on (stand_in.attname) stand_in.attname, stand_in.value from (
  select distinct on (i.indexrelid) a.attname,
         case when parts.may_be_null then 'null'
              when a.atttypid = 'uuid'::regtype then format('md5(row(%s)::text)::uuid', k.columns)
              when a.atttypid = 'bigint'::regtype then format('hashtextextended(row(%s)::text, 0)', k.columns)
              when a.atttypid = 'integer'::regtype then format('hashtext(row(%s)::text)', k.columns)
              when a.atttypid = 'date'::regtype then format('pg_catalog.date ''2000-01-01'' + 1000000 + (hashtext(row(%s)::text) & 1073741823)', k.columns)
              when a.atttypid in ('timestamp'::regtype, 'timestamptz'::regtype)
                then format('''9999-01-01Z''::%2$s + (hashtext(row(%1$s)::text) & 67108863) * pg_catalog.interval ''1 day''', k.columns, a.atttypid::regtype)
              -- Below zero, and as many digits as the column takes; its scale is a number of eleven bits with a sign.
              when a.atttypid = 'numeric'::regtype and a.atttypmod < 4 then format('hashtextextended(row(%s)::text, 0)', k.columns)
              when a.atttypid = 'numeric'::regtype
                then format('-(abs(hashtextextended(row(%s)::text, 0)::numeric) %% 1e%s) / 1e%s', k.columns, ((a.atttypmod - 4) >> 16) & 65535, ((a.atttypmod - 4) & 2047 # 1024) - 1024)
              else format('md5(row(%s)::text)::%s', k.columns, format_type(a.atttypid, a.atttypmod)) end as value
  from pg_index i
  cross join lateral unnest(i.indkey::int2[]) u (attnum)
  join pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.attnum
  cross join lateral (
    select string_agg(format('s.%I', b.attname), ', ') as columns
    from pg_index p join pg_attribute b on b.attrelid = p.indrelid and b.attnum = any (p.indkey::int2[])
    where p.indrelid = i.indrelid and p.indisprimary
  ) k
  -- Whoever refers to it with `on update cascade` gets what it is given, and might not take a null.
  cross join lateral (
    select not a.attnotnull and not coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false)
           and not exists (select from pg_constraint f where f.contype = 'f' and f.confrelid = i.indrelid and a.attnum = any (f.confkey) and f.confupdtype <> 'a') as may_be_null
  ) parts
  where i.indrelid = $1::text::regclass and i.indisunique and not i.indisprimary and a.attgenerated = '' and a.attidentity <> 'a'
    and (parts.may_be_null
         or a.atttypid in ('uuid'::regtype, 'bigint'::regtype, 'integer'::regtype, 'date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype, 'numeric'::regtype)
         -- Texts of any kind, citext and those of a limited length too.
         or exists (select from pg_type y where y.oid = a.atttypid and y.typtype = 'b' and y.typcategory = 'S'))
    and not exists (select from pg_index p where p.indrelid = i.indrelid and p.indisprimary and a.attnum = any (p.indkey::int2[]))
    and not exists (select from pg_constraint f where f.contype = 'f' and f.conrelid = i.indrelid and a.attnum = any (f.conkey))
    and exists (select from pg_constraint f where f.contype = 'f' and f.confrelid = i.indrelid and (f.confdeltype <> 'a' or $2::boolean))
  order by i.indexrelid, not parts.may_be_null, u.attnum
) stand_in
order by stand_in.attname, stand_in.value = 'null'
