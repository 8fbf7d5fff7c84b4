import { expect, test } from 'vitest';
import { placeWindow } from './place.ts';

const laptop = { x: 0, y: 25, width: 1440, height: 875 };
const left = { x: -1920, y: 0, width: 1920, height: 1080 };
const remembered = { x: 100, y: 80, width: 1200, height: 700, maximized: false };

test('the first window is centred by the system', () => {
  expect(placeWindow(null, [laptop])).toEqual({ width: 1280, height: 820, maximized: false });
});

test('a window opens where it was', () => {
  expect(placeWindow(remembered, [laptop])).toEqual(remembered);
});

test('a window on a second screen opens there', () => {
  const there = { ...remembered, x: -1800, y: 40, width: 1600 };
  expect(placeWindow(there, [laptop, left])).toEqual(there);
});

test('a window whose screen is gone is centred, with its size', () => {
  expect(placeWindow({ ...remembered, x: -1800 }, [laptop])).toEqual({ width: 1200, height: 700, maximized: false });
});

test('a window that hangs over the edge is pulled in', () => {
  expect(placeWindow({ ...remembered, x: 1200, y: 700 }, [laptop])).toMatchObject({ x: 240, y: 200 });
});

test('a window larger than its screen is cut down to it', () => {
  expect(placeWindow({ ...remembered, width: 4000, height: 3000 }, [laptop])).toEqual({
    x: 0,
    y: 25,
    width: 1440,
    height: 875,
    maximized: false,
  });
});

test('a window smaller than the smallest is brought up to it', () => {
  expect(placeWindow({ ...remembered, width: 300, height: 200 }, [laptop])).toMatchObject({ width: 900, height: 600 });
});

test('a maximized window stays maximized, and remembers its own size', () => {
  expect(placeWindow({ ...remembered, maximized: true }, [laptop])).toEqual({ ...remembered, maximized: true });
});

test('no screen at all is no reason to fail', () => {
  expect(placeWindow(null, [])).toMatchObject({ width: 1280, height: 820 });
});
