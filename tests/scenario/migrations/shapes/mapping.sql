create view shapes_map."OrderLine" as
select "orderNo", "lineNo", "customerId", mood, tags, share, "lineNo"::bigint * 10 as "rowNo" from public."Order";

create view shapes_map.customers as
select coalesce("customerId", 'nobody') as name, "customerId", count(*) as lines, array_agg(mood order by "orderNo", "lineNo") as moods
from public."Order" group by "customerId";

create view shapes_map.days as
select coalesce("customerId", 'nobody') as name, day, "customerId", count(*) as events from public."Event" group by "customerId", day;
