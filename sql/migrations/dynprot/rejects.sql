-- Exports that are left out whole, each with the reason. What is wrong within an export of a known user is in
-- rejected_items, a table of v2.

create view dynprot_map.rejected_localstorage_exports as
select e.id,
       case when jsonb_typeof(e.export) <> 'object' then 'the export is no object'
            when e.user_id is null then 'the export names no user'
            else 'the user does not exist' end as reason
from public.localstorage_exports e
where not exists (select from public.users u where u.id = e.user_id);
