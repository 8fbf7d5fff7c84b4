import { release } from '../lib/release.js';

export const GET = () => Response.json({ status: 'ok', version: release.version });
