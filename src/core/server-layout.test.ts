import { describe, expect, it } from 'vitest';
import { serviceSlug } from './server-layout.ts';

describe('a service’s folder', () => {
  it.each(['bin', 'damaged', 'ejected', 'jobs', 'journal', 'lock'])('is not ours, though it is called %s', (name) => {
    expect(serviceSlug(name)).toMatch(new RegExp(`^${name}-[0-9a-f]{8}$`));
  });

  it('is its name where that is none of ours, and a name with a mark where letters had to go', () => {
    expect(serviceSlug('frontend')).toBe('frontend');
    expect(serviceSlug('Front.End')).toMatch(/^front-end-[0-9a-f]{8}$/);
  });
});
