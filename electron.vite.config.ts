import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';

const root = import.meta.dirname;

// Optional native parts of ssh2 stay outside: it does without them.
const external = ['electron', /\.node$/, 'cpu-features'];

/**
 * One bundle for Electron 25 (Node 18, Chromium 114) and everything newer: the older of the two is what the tests
 * prove. Dependencies are bundled, because Electron 25 cannot `require` the ones that are ES modules only.
 */
export default defineConfig({
  main: {
    build: {
      outDir: join(root, 'out/app/main'),
      target: 'node18',
      externalizeDeps: false,
      minify: false,
      sourcemap: true,
      rollupOptions: {
        external,
        input: { index: join(root, 'src/main/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name].cjs' },
      },
    },
  },
  preload: {
    build: {
      outDir: join(root, 'out/app/preload'),
      target: 'node18',
      externalizeDeps: false,
      minify: false,
      rollupOptions: {
        external: ['electron'],
        input: { index: join(root, 'src/preload/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: join(root, 'src/renderer'),
    base: './',
    plugins: [react()],
    worker: { format: 'es' },
    build: {
      outDir: join(root, 'out/app/renderer'),
      emptyOutDir: true,
      target: 'chrome114',
      // Inlined assets would need data: in more of the content security policy than images and fonts.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rollupOptions: { input: { index: join(root, 'src/renderer/index.html') } },
    },
  },
});
