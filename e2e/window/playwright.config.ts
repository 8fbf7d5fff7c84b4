import path from 'node:path';
import { defineConfig } from '@playwright/test';
import { outFolder } from '../../build/setup/folders.ts';

/** The real app in its real window, against the lab. One test at a time: they share two servers, and the second core is for those. */
export default defineConfig({
  testDir: import.meta.dirname,
  testMatch: '**/*.e2e.ts',
  globalSetup: './global-setup.ts',
  outputDir: path.join(outFolder, 'e2e', 'runs'),
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
});
