#!/bin/sh
# As images of databases begin: the first start makes the database, with its superuser's password from the environment.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf %s "$POSTGRES_PASSWORD" |
    initdb --no-sync --no-locale --encoding=UTF8 --username=postgres --auth-host=scram-sha-256 --pwfile=/dev/stdin
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
fi
exec postgres -c 'listen_addresses=*' -c unix_socket_directories=/tmp -c fsync=off
