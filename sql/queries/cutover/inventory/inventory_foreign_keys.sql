-- Foreign keys of tables outside that refer to a table which gives its name away. $1: links between the tables of the side that
-- owns the data and those of the other, `same` where they bear one name, `after` what the other is called once it has that name.
-- A key is re-pointed where the table that takes the name has a unique key of the same columns; it is validated afterwards. One of a
-- partitioned table goes along partition by partition; of one that refers to a single partition the statement is said that makes it anew.
with link as (
  select to_regclass(owner)::oid as owner, to_regclass(follower)::oid as follower, after, same
  from jsonb_to_recordset($1::jsonb) as l (owner text, follower text, after text, same boolean)
), owned as (
  select owner as relation from link where owner is not null
  union
  select p.relid from link cross join pg_partition_tree(link.owner) p
), referring as (
  select k.oid, k.conname, k.conrelid, k.confrelid, k.convalidated, k.conkey, k.confkey, l.follower, l.after, not_ours.place, not_ours.owner,
         pair.own, pair.theirs, pair.names, pg_get_constraintdef(k.oid) as definition,
         format('FOREIGN KEY (%s) REFERENCES %s(%s)', pair.own, k.confrelid::regclass, pair.theirs) as head, whole.after as whole
  from pg_constraint k
  cross join lateral (
    select string_agg(quote_ident(a.attname), ', ' order by n.place) as own, string_agg(quote_ident(b.attname), ', ' order by n.place) as theirs,
           array_agg(b.attname order by b.attname) as names
    from unnest(k.conkey, k.confkey) with ordinality n (own, theirs, place)
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = n.own
    join pg_attribute b on b.attrelid = k.confrelid and b.attnum = n.theirs
  ) pair
  left join link l on l.owner = k.confrelid and l.same
  left join link whole on whole.owner = pg_partition_root(k.confrelid) and whole.owner <> k.confrelid and whole.same
  left join lateral (
    select t.oid::regclass as place, pg_get_userbyid(t.relowner) as owner from pg_class t
    where (t.oid = k.conrelid or t.oid in (select relid from pg_partition_tree(k.conrelid))) and not pg_has_role(t.relowner, 'USAGE')
    order by t.oid limit 1
  ) not_ours on true
  where k.contype = 'f' and k.conparentid = 0
    and k.confrelid in (select relation from owned) and k.conrelid not in (select relation from owned)
), judged as (
  select r.*, case
    when r.conrelid in (select follower from link) then 'it belongs to the other side itself: let it refer to that side''s own table'
    when r.whole is not null then format('%s is a partition, whose place no single table takes', r.confrelid::regclass)
    when r.follower is null then 'no table takes the name of ' || r.confrelid::regclass
    when not starts_with(r.definition, r.head) then 'its definition cannot be made anew'
    when not exists (
      select from pg_index i
      where i.indrelid = r.follower and i.indisunique and i.indimmediate and i.indisvalid and i.indpred is null and i.indexprs is null
        and r.names = (select array_agg(a.attname order by a.attname) from pg_attribute a
                       where a.attrelid = i.indrelid and a.attnum = any (i.indkey[0:i.indnkeyatts - 1]))
        and not exists (
          select from unnest(r.conkey, r.confkey) n (own, theirs)
          join pg_attribute a on a.attrelid = r.conrelid and a.attnum = n.own
          join pg_attribute b on b.attrelid = r.confrelid and b.attnum = n.theirs
          join pg_attribute f on f.attrelid = r.follower and f.attname = b.attname
          where f.atttypid <> a.atttypid
            and not exists (select from pg_cast c where c.castsource = a.atttypid and c.casttarget = f.atttypid and c.castmethod = 'b')
            and not exists (select from pg_amop o join pg_opclass c on c.opcfamily = o.amopfamily
                            where c.oid = any (i.indclass) and o.amoplefttype = f.atttypid and o.amoprighttype = a.atttypid and o.amopstrategy = 3)))
      then format('%s has no unique key (%s) of types that fit', r.follower::regclass, r.theirs)
    when r.place is not null then format('%s belongs to %s: grant that role to %s', r.place, r.owner, current_user)
    when exists (select from pg_partition_tree(r.conrelid) p join pg_constraint o on o.conrelid = p.relid and o.conname = r.conname and o.oid <> r.oid and o.conparentid = 0)
      then format('a partition of %s has a constraint of that name which is its own', r.conrelid::regclass)
  end as hindrance
  from referring r
)
select format('foreign key %I of %s', j.conname, j.conrelid::regclass) as object,
       format('refers to %s (%s)', j.confrelid::regclass, j.theirs) as way,
       case when j.hindrance is null then 'carry' else 'block' end as handling,
       case when j.hindrance is null then format('refers to %s, and is validated after the commit', array_to_string(parse_ident(j.after), '.')) else 'cannot follow: ' || j.hindrance end as flip,
       case when j.hindrance is null then 'refers to the old table again' else 'stays as it is' end as rollback,
       case when j.hindrance is null then ''
            when j.whole is not null then format('alter table %1$s drop constraint %2$I;  -- and after the move: alter table %1$s add constraint %2$I foreign key (%3$s) references %4$s (%5$s)%6$s not valid',
                                                 j.conrelid::regclass, j.conname, j.own, j.whole, j.theirs, replace(substr(j.definition, length(j.head) + 1), ' NOT VALID', ''))
            else format('alter table %s drop constraint %I, and make one that fits after the move', j.conrelid::regclass, j.conname) end as fix,
       case when j.hindrance is null then
         format('alter table %s drop constraint %I;', j.conrelid::regclass, j.conname)
         || format(E'\nselect crossfade.make_key(%L, %L, %L, %L, %L)', $2::text, j.conrelid::regclass, j.conname,
                   'alter table %1$s add constraint '
                   || replace(format('%I foreign key (%s) references %s (%s)%s not valid', j.conname, j.own, j.after, j.theirs,
                                     replace(substr(j.definition, length(j.head) + 1), ' NOT VALID', '')), '%', '%%')
                   || coalesce(E';\ncomment on constraint ' || replace(quote_ident(j.conname), '%', '%%') || ' on %1$s is '
                               || replace(quote_literal(obj_description(j.oid, 'pg_constraint')), '%', '%%'), ''), j.convalidated)
       else '' end as sql,
       case when j.hindrance is null then array[n.nspname, r.relname]::text[]::text else '' end as locked, '' as referred
from judged j join pg_class r on r.oid = j.conrelid join pg_namespace n on n.oid = r.relnamespace
order by 1
