import { expect, test } from 'vitest';
import { matchAliases } from './match-aliases.ts';

const alias = (name: string, hostName: string | null = null) => ({ alias: name, hostName, user: null });

test('a beginning comes before a middle, a middle before an address', () => {
  const aliases = [alias('nas', 'home.lan'), alias('old-home'), alias('home'), alias('work')];
  expect(matchAliases(aliases, 'Home').map((each) => each.alias)).toEqual(['home', 'old-home', 'nas']);
});

test('nothing typed lists all of them as they are', () => {
  expect(matchAliases([alias('b'), alias('a')], ' ').map((each) => each.alias)).toEqual(['b', 'a']);
});
