import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'";

/** The window with a fake main process in front, under the policy the real one has. `vite --config` serves it, `vite build --config` writes out/harness. */
export default defineConfig(({ command }) => ({
  root: here('../../renderer'),
  base: './',
  plugins: [
    react(),
    {
      name: 'fake-main-process',
      transformIndexHtml: {
        order: 'pre',
        handler: (html: string) =>
          html.replace(
            '<title>',
            `${command === 'build' ? `<meta http-equiv="Content-Security-Policy" content="${policy}" />` : ''}
    <script type="module" src="${command === 'build' ? '../testkit/window/install.ts' : `/@fs${here('./install.ts')}`}"></script>
    <title>`,
          ),
      },
    },
  ],
  server: { fs: { allow: [here('../../..')] } },
  build: {
    target: 'chrome114',
    outDir: here('../../../out/harness'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
  },
}));
