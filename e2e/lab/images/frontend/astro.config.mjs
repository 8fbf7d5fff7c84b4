import node from '@astrojs/node';
import { defineConfig } from 'astro/config';

// Rendered on request by Node, as a shop is. Everything is bundled, so that the image
// needs no node_modules.
export default defineConfig({
  output: 'server',
  adapter: node({ mode: 'standalone' }),
  devToolbar: { enabled: false },
  security: { checkOrigin: false },
  vite: { ssr: { noExternal: true } },
});
