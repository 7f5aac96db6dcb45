create view shop_unmap.customers as
select c.id::int as id, c.name, a.street, a.city from shop_v2.customers c left join shop_v2.addresses a on a.customer_id = c.id;

create view shop_unmap.tickets as select id::int as number, title::text as title from shop_v2.issues;
