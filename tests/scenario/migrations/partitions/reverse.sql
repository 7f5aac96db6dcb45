create view partitions_unmap.customer as select id, name, region from partitions_v2.customer;
create view partitions_unmap.reading as select id, day, customer_id, kind, value from partitions_v2.reading;
