#!/bin/bash
# First start of an empty PGDATA: makes the cluster, the user, the database, and runs
# /docker-entrypoint-initdb.d. Any later start: just the server.
set -euo pipefail

[ "${1:-}" = postgres ] || [ "${1#-}" != "${1:-}" ] || exec "$@"
[ "${1#-}" = "$1" ] || set -- postgres "$@"

secret() { # secret NAME DEFAULT: the variable, or the content of the file that NAME_FILE names
  local name=$1 file="${1}_FILE"
  if [ -n "${!file:-}" ]; then cat "${!file}"; else echo "${!name:-$2}"; fi
}

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"
  chown -R postgres:postgres "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  user=$(secret POSTGRES_USER postgres)
  password=$(secret POSTGRES_PASSWORD '')
  database=$(secret POSTGRES_DB "$user")
  host_auth=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [ -z "$password" ] && [ "$host_auth" != trust ]; then
    echo 'Error: Database is uninitialized and superuser password is not specified.' >&2
    echo '       You must specify POSTGRES_PASSWORD to a non-empty value for the superuser.' >&2
    exit 1
  fi
  # shellcheck disable=SC2086
  initdb --username="$user" --pwfile=<(printf '%s\n' "$password") --auth-local=trust --no-sync ${POSTGRES_INITDB_ARGS:-} >/dev/null
  echo "host all all all $host_auth" >>"$PGDATA/pg_hba.conf"
  PGUSER=$user pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start >/dev/null
  sql() { psql -v ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$user" "$@"; }
  if [ "$database" != postgres ]; then
    sql --dbname postgres --set db="$database" <<<'CREATE DATABASE :"db";'
  fi
  shopt -s nullglob
  for file in /docker-entrypoint-initdb.d/*; do
    echo "$0: running $file"
    case $file in
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) sql --dbname "$database" -f "$file" ;;
      *.sql.gz) gunzip -c "$file" | sql --dbname "$database" ;;
      *) echo "$0: ignoring $file" ;;
    esac
  done
  pg_ctl -D "$PGDATA" -m fast -w stop >/dev/null
  echo 'PostgreSQL init process complete; ready for start up.'
fi
exec "$@"
