import { defineConfig } from 'vitest/config';

const integration = '**/*.integration.test.ts';
const slow = ['build/test/layers.test.ts'];
const elsewhere = ['**/node_modules/**', 'out/**'];

/**
 * unit: no Docker, no network beyond this process; beside the code. layers: builds copies of the sources, so it runs
 * alone. kit: the server's own scripts under a real shell. integration: the lab, one file at a time.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.{ts,tsx}', 'build/**/*.test.ts', 'e2e/**/*.test.ts'],
          exclude: [...elsewhere, ...slow, 'e2e/kit/**', integration],
          // Two cores, shared with whatever else the machine does: time is no judge of a unit.
          testTimeout: 20_000,
        },
      },
      { test: { name: 'layers', include: slow, testTimeout: 600_000, hookTimeout: 600_000 } },
      {
        test: {
          name: 'kit',
          include: ['e2e/kit/**/*.test.ts'],
          exclude: [...elsewhere, integration],
          testTimeout: 60_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: [`src/${integration}`, `e2e/${integration}`],
          exclude: elsewhere,
          globalSetup: ['build/test/lab-setup.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
