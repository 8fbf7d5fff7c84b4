import { release } from '../../lib/release.js';

export const POST = async ({ request }) => Response.json({ release: release.version, received: await request.text() });
