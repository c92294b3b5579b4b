#!/bin/sh
# As many images start: a shell that prepares something, then becomes the server.
set -eu
echo "start.sh: becoming the server"
exec node /app/server.ts
