import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { crowd, parseCrowd } from './crowd.ts';

test('the crowd is 100 services in 12 stacks of 6 to 10', () => {
  const sizes = [...parseCrowd().values()].map((services) => services.length);
  expect(sizes).toHaveLength(12);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100);
  expect(Math.min(...sizes)).toBeGreaterThanOrEqual(6);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
});

test('dependencies exist, and no two services want the same port', () => {
  const ports: number[] = [];
  for (const services of parseCrowd().values()) {
    const names = services.map((service) => service.name);
    for (const service of services) {
      expect(names).toEqual(expect.arrayContaining(service.dependsOn));
      if (service.port !== undefined) ports.push(service.port);
    }
  }
  expect(new Set(ports).size).toBe(ports.length);
});

test('each stack is a compose file whose images the registry gets', async () => {
  for (const stack of await crowd.stacks()) {
    const { services } = parse(stack.files['compose.yaml'] ?? '') as { services: Record<string, { image: string }> };
    for (const { image } of Object.values(services)) {
      expect(crowd.aliases).toHaveProperty([image.replace('registry.lab:5000/', '')]);
    }
  }
});
