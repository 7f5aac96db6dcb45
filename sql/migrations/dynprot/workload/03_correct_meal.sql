-- Support corrects a meal in an export.
update public.localstorage_exports e set export = jsonb_set(e.export, '{meals,0,protein}', to_jsonb((random() * 600)::int))
where e.id = (select x.id from public.localstorage_exports x where jsonb_typeof(x.export #> '{meals,0}') = 'object' order by random() limit 1)
  and not exists (select from public.localstorage_exports o where o.export = jsonb_set(e.export, '{meals,0,protein}', o.export #> '{meals,0,protein}') and o.id <> e.id);
