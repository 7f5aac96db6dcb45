-- Which database this is: its name, where the server is, and its version.
select current_database(), coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'local:' || current_setting('port')),
       split_part(current_setting('server_version'), ' ', 1)
