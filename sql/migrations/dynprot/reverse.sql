-- v1's shape over the new tables, for the way back. v1 had users only; what the browsers had is in localstorage_exports, which
-- stays.

create view dynprot_unmap.users as
select u.id, u.email, u.username, u.password, u.first_name, u.last_name, u.avatar,
       (u.created_at at time zone 'UTC')::timestamp(3) as created_at,
       (u.updated_at at time zone 'UTC')::timestamp(3) as updated_at
from dynprot_v2.users u;
