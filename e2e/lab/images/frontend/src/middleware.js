import { defineMiddleware } from 'astro:middleware';
import { isBroken, isReady, release } from './lib/release.js';

export const onRequest = defineMiddleware(async (_context, next) => {
  const response = isBroken()
    ? new Response('Internal Server Error: the template cache is corrupt\n', { status: 500 })
    : isReady()
      ? await next()
      : new Response('starting\n', { status: 503, headers: { 'retry-after': '1' } });
  response.headers.set('x-release', release.version);
  return response;
});
