-- What makes room for a row of table $1 that no partition is for, told by table $2 of its tree and the server's detail $3; null else.
select crossfade.partition_for(to_regclass($1), $2, $3)
