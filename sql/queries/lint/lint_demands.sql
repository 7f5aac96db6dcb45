-- What v1's tables $1 demand beyond what their copies in pg_temp were made with, as statements for these: foreign keys among them; those
-- that lead to other tables, which are asked by a trigger, since a temporary table may refer to none but its like; and triggers that fire
-- on what crossfade writes too.
with copied as (
  select to_regclass(name)::oid as oid from unnest($1::text[]) name
), referring as (
  select k.oid, k.conname, c.relname, k.confrelid, r.relname as referred, k.confrelid in (select oid from copied) as inside, pair.*,
         format('FOREIGN KEY (%s) REFERENCES %s(%s)', pair.own, k.confrelid::regclass, pair.theirs) as head, pg_get_constraintdef(k.oid) as definition
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_class r on r.oid = k.confrelid
  cross join lateral (
    select string_agg(quote_ident(a.attname), ', ' order by n.place) as own, string_agg(quote_ident(b.attname), ', ' order by n.place) as theirs,
           string_agg(format('new.%I is not null', a.attname), ' and ' order by n.place) as given,
           string_agg(format('r.%I = new.%I', b.attname, a.attname), ' and ' order by n.place) as found
    from unnest(k.conkey, k.confkey) with ordinality n (own, theirs, place)
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = n.own
    join pg_attribute b on b.attrelid = k.confrelid and b.attnum = n.theirs
  ) pair
  where k.contype = 'f' and k.conparentid = 0 and k.conrelid in (select oid from copied)
)
select format('alter table pg_temp.%I add constraint %I foreign key (%s) references pg_temp.%I (%s)%s not valid', relname, conname, own, referred, theirs,
              case when starts_with(definition, head) then replace(substr(definition, length(head) + 1), ' NOT VALID', '') else '' end) as statement
from referring where inside
union all
select format('create function pg_temp.crossfade_demand_%s() returns trigger language plpgsql as %L', oid,
              format(E'begin\n  if %s and not exists (select from %s r where %s) then\n    raise foreign_key_violation using constraint = %L, message = %L;\n  end if;\n  return null;\nend',
                     given, confrelid::regclass, found, conname, format('insert or update on table "%s" violates foreign key constraint "%s"', relname, conname)))
       || format('; create trigger crossfade_demand_%s after insert or update on pg_temp.%I for each row execute function pg_temp.crossfade_demand_%1$s()', oid, relname)
from referring where not inside
union all
-- The copies' indexes have names of the server's choice; messages are to name v1's.
select format('alter index pg_temp.%I rename to %I', min(b.relname), min(a.relname))
from copied o
join pg_class c on c.oid = o.oid
join pg_index i on i.indrelid = o.oid and (i.indisunique or i.indisexclusion)
join pg_class a on a.oid = i.indexrelid
join pg_index x on x.indrelid = to_regclass(format('pg_temp.%I', c.relname))
  and split_part(pg_get_indexdef(x.indexrelid), ' USING ', 2) = split_part(pg_get_indexdef(i.indexrelid), ' USING ', 2) and x.indisunique = i.indisunique
join pg_class b on b.oid = x.indexrelid
group by o.oid, split_part(pg_get_indexdef(i.indexrelid), ' USING ', 2)
having count(*) = 1 and min(a.relname) <> min(b.relname) and to_regclass(format('pg_temp.%I', min(a.relname))) is null
union all
select replace(pg_get_triggerdef(t.oid), format(' ON %I.%I ', n.nspname, c.relname), format(' ON pg_temp.%I ', c.relname))
from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
where t.tgrelid in (select oid from copied) and not t.tgisinternal and t.tgenabled = 'A' and t.tgname <> 'crossfade_fence'
