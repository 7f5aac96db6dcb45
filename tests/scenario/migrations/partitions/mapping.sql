create view partitions_map.customer as select id, region, name from public.customer;
create view partitions_map.total as select customer_id, count(*) as readings from public.reading group by customer_id;
create view partitions_map.reading as select id, day, kind, customer_id, value from public.reading;
