import type { Benchmark } from './setting.ts';
export const rollback: Benchmark = async () => ({});
