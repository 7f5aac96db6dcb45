insert into public.localstorage_exports (export)
select e.export from public.localstorage_exports e order by random() limit 1
on conflict do nothing;
