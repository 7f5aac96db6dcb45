create view shop_map.customers as select id::bigint as id, name, 'new'::shop_v2.tier as tier from public.customers;

create view shop_map.addresses as select id::bigint as customer_id, street, city from public.customers where street is not null;

create view shop_map.issues as select number::bigint as id, title::shop_v2.title as title from public.tickets;
