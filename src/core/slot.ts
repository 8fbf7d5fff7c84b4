/** One of the two places a release can run in. */
export const slots = ['blue', 'green'] as const;

export type Slot = (typeof slots)[number];

export const otherSlot = (slot: Slot): Slot => (slot === 'blue' ? 'green' : 'blue');

export const isSlot = (text: unknown): text is Slot => text === 'blue' || text === 'green';
