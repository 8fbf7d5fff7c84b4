import { release } from '../lib/release.js';

export const GET = () => new Response(release.version, { headers: { 'content-type': 'text/plain; charset=utf-8' } });
