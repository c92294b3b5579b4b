#!/bin/bash
# As images of web servers begin: a file is made of the environment, then the server takes the shell's place.
set -eu
mkdir -p /run/web
printf 'user:%s\n' "$(printf %s "$PASSWORD" | openssl passwd -apr1 -stdin)" >/run/web/htpasswd
exec nginx -c /app/web.conf
