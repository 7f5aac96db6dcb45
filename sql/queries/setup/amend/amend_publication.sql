-- Tables that a publication lacks, by the names given, and those that it has and that are not wanted.
with wanted as (
  select name, to_regclass(name)::oid as relation from unnest($2::text[]) name
), member as (
  select r.prrelid as relation from pg_publication p join pg_publication_rel r on r.prpubid = p.oid where p.pubname = $1
)
select array(select w.name from wanted w where w.relation not in (select relation from member) order by 1) as lacking,
       array(select m.relation::regclass::text from member m where m.relation not in (select relation from wanted) order by 1) as unwanted
