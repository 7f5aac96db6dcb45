select s.system_identifier, c.timeline_id from pg_control_system() s, pg_control_checkpoint() c
