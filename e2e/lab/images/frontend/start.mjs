// Starts the site and ends it in order: on SIGTERM it takes no new connection, finishes
// the requests it has, and goes. How this release behaves is in release.json.
import { readFileSync } from 'node:fs';

const release = JSON.parse(readFileSync(new URL('./release.json', import.meta.url), 'utf8'));
if (release.behaviour.kind === 'exits-at-start') {
  console.error(`frontend ${release.version}: fatal: cannot read setting SESSION_KEY`);
  process.exit(1);
}

const { startServer } = await import('./dist/server/entry.mjs');
const { server } = startServer();
const http = server.server;
// Longer than what a proxy in front keeps an idle connection, so that the proxy closes it first.
http.keepAliveTimeout = 75_000;

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    http.close(() => process.exit(0));
    http.closeIdleConnections();
    setTimeout(() => process.exit(0), 20_000).unref();
  });
}
console.log(`frontend ${release.version}: listening on ${process.env.PORT}`);
