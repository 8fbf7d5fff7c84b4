import type { Benchmark } from './setting.ts';
export const idle: Benchmark = async () => ({});
