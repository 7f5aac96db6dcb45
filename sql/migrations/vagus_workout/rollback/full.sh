#!/bin/sh
# Full rollback: v1 with the rows of a backup, whatever has happened to them since. What was written after the backup is gone from v1.
#
#   full.sh FOLDER        made by `crossfade backup --dir FOLDER`; libpq's PG* variables say which database; the daemon stopped
#
# Raises the maintenance flag, brings the names back where they are still v2's, empties v1's tables and fills them from the backup
# in one transaction, lowers the flag. Where a step fails the flag stays up and the tables stay as they were before that step.
set -eu
here=$(dirname "$0")
dump=${1:?name the folder of a backup}/sources.dump
test -r "$dump" || { echo "there is no $dump" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Parents before children, as the foreign keys want it.
tables='workout_plans exercises workout_sessions exercise_logs notification_preferences workout_templates'

# The whole script is written before anything is touched: a broken backup changes nothing.
echo "truncate $(echo "$tables" | sed 's/[a-z_]*/public.&/g; s/ /, /g');" >"$work/restore.sql"
for table in $tables; do
  pg_restore --data-only --no-owner --schema=public --table="$table" --file="$work/$table.sql" "$dump"
  grep -q "^COPY public\.$table " "$work/$table.sql" || { echo "$dump has no rows of $table" >&2; exit 1; }
  cat "$work/$table.sql" >>"$work/restore.sql"
done

sql() { psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 "$@" >/dev/null; }
sql --set=message='Rolling back migration...' --file="$here/maintenance_on.sql"
if [ -n "$(psql --no-psqlrc --quiet --tuples-only --no-align --command="select to_regclass('public.workout_plans_v1')")" ]; then
  sql --file="$here/quick.sql"
fi
sql --single-transaction --file="$work/restore.sql"
sql --file="$here/maintenance_off.sql"
echo 'v1 is as it was at the time of the backup; the app of v1 may be deployed'
