-- A part of a transaction that is rolled back, and one that stays.
do $$
declare
  chosen text;
begin
  select u.id into chosen from public.users u order by random() limit 1 for update;
  begin
    delete from public.localstorage_exports where user_id = chosen;
    raise exception 'changed my mind';
  exception when raise_exception then
    null;
  end;
  update public.users set last_name = 'Stays' where id = chosen;
end
$$;
