#!/bin/sh
# What many images start with: a shell that prepares something, then becomes the server.
set -eu
echo "start.sh: becoming the server"
exec node /app/server.ts
