-- Before either of two servers goes by what the other one has said, that is on its disk, whatever the role's setting is.
select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') in ('off', 'local')
