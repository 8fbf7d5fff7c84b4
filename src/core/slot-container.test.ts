import { describe, expect, it } from 'vitest';
import { digest, releaseFile, slotOf } from '../testkit/engine/facts.ts';
import { holdsRelease } from './slot-container.ts';

const own = slotOf('green', '0002', { imageId: releaseFile(2, 'green').imageId });

describe('TR11 the container in a slot', () => {
  it.each([
    ['its own', own, true],
    ['none', null, false],
    ['of another release', slotOf('green', '0001', { imageId: own.imageId }), false],
    ['of another image', { ...own, imageId: digest('9') }, false],
    ['of no compose project', { ...own, labels: { ...own.labels, 'com.docker.compose.project': '' } }, false],
    ['of another compose project', { ...own, labels: { ...own.labels, 'com.docker.compose.project': 'shop' } }, false],
  ])('that is %s', (_name, container, holds) => {
    expect(holdsRelease(container, 'shop--frontend', releaseFile(2, 'green'))).toBe(holds);
  });
});
