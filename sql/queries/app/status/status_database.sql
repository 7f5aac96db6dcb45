-- Which database this is: its name, where the server is, and its version.
select current_database() as name, coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'local:' || current_setting('port')) as server,
       split_part(current_setting('server_version'), ' ', 1) as version
