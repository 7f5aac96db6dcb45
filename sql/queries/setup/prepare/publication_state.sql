-- Of publication $1: does it have the tables $2 whole (every column, every row, every operation), does it say changes of a
-- partition by the root's name, and those of generated columns where $3 wants them (PostgreSQL 18)? And what it has. No row: it is not there.
select coalesce(
         p.pubinsert and p.pubupdate and p.pubdelete and p.pubtruncate and p.pubviaroot and not p.puballtables
         and (not $3::boolean or to_jsonb(p) ->> 'pubgencols' = 's')
         and (select bool_and(coalesce(to_jsonb(m) ->> 'prqual', to_jsonb(m) ->> 'prattrs') is null) from pg_publication_rel m where m.prpubid = p.oid)
         and (select array_agg(m.prrelid order by m.prrelid) from pg_publication_rel m where m.prpubid = p.oid)
             = (select array_agg(wanted::regclass::oid order by wanted::regclass::oid) from unnest($2::text[]) wanted), false) as fits,
       coalesce((select string_agg(m.prrelid::regclass::text, ', ' order by m.prrelid) from pg_publication_rel m where m.prpubid = p.oid), 'nothing') as tables
from pg_publication p
where p.pubname = $1
