update public.localstorage_exports set export = export || jsonb_build_object('userId', (select u.id from public.users u order by random() limit 1), 'moved', random())
where id = (select e.id from public.localstorage_exports e where jsonb_typeof(e.export) = 'object' order by random() limit 1);
