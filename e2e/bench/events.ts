import type { Benchmark } from './setting.ts';
export const events: Benchmark = async () => ({});
