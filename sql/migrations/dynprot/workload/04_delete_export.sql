delete from public.localstorage_exports
where random() < 0.3 and id = (select e.id from public.localstorage_exports e order by random() limit 1);
