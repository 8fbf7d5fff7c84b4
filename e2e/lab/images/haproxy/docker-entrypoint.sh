#!/bin/sh
set -e
# A first argument that is an option means options of haproxy.
if [ "${1#-}" != "$1" ]; then
  set -- haproxy "$@"
fi
# Master and worker, in the foreground: a reload by SIGUSR2 and a clean stop by SIGUSR1.
if [ "$1" = 'haproxy' ]; then
  shift
  set -- haproxy -W -db "$@"
fi
exec "$@"
