import type { Tier } from './stack-map.ts';

const lastPart = (image: string): string => (image.split('@')[0] ?? image).split('/').pop()?.split(':')[0] ?? image;

const proxies =
  /^(?:traefik|caddy|caddy-docker-proxy|nginx-proxy|nginx-proxy-manager|proxy-manager|swag|cloudflared|haproxy|envoy|acme-companion)$/;

const stores =
  /^(?:postgres|postgis|pgvector|timescaledb|mysql|mariadb|mongo|mongodb|redis|valkey|keydb|memcached|influxdb|couchdb|clickhouse(?:-server)?|elasticsearch|opensearch|meilisearch|typesense|rabbitmq|nats|minio|etcd|cassandra|db|database)$/;

/** Where a service stands on the map, by the name of its image, or by its own name when the image says nothing. */
export function tierOf(image: string, service: string): Tier {
  const name = lastPart(image).toLowerCase();
  if (proxies.test(name)) return 'proxy';
  if (stores.test(name) || /^(?:db|database|postgres|mysql|mariadb|redis|mongo)$/.test(service)) return 'state';
  return 'service';
}

/** The tag of an image reference, `latest` when it has none, null for a digest alone. */
export function tagOf(image: string): string | null {
  if (/^sha256:[0-9a-f]+$/.test(image)) return null;
  const name = image.split('@')[0] ?? image;
  const tag = /:([^/:]+)$/.exec(name)?.[1];
  if (tag !== undefined) return tag;
  return image.includes('@') ? null : 'latest';
}
