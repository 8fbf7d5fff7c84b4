#!/bin/sh
set -e
# A first argument that is an option, or that traefik knows as a command, is for traefik.
if [ "${1#-}" != "$1" ]; then
  set -- traefik "$@"
fi
if [ "$1" != traefik ] && traefik "$1" --help >/dev/null 2>&1; then
  set -- traefik "$@"
fi
exec "$@"
