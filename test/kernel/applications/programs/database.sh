#!/bin/bash
# As images of databases begin: root makes the folder, its own user makes the database with the password from the environment.
set -eu
export PATH="$(echo /usr/lib/postgresql/*/bin | tr ' ' '\n' | tail -n 1):$PATH" PGDATA=/var/tmp/database
if [ "$(id -u)" = 0 ]; then
  install -d -o postgres -g postgres "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0"
fi
printf %s "$PASSWORD" | initdb --no-sync --no-locale --encoding=UTF8 --username=postgres --auth=scram-sha-256 --pwfile=/dev/stdin
exec postgres -c port=5499 -c listen_addresses=127.0.0.1 -c unix_socket_directories="$PGDATA" -c fsync=off
