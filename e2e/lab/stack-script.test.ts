import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { faultScripts, readOnlyFolderScript, renderHealScript } from './fault-script.ts';
import { recipes } from './lab.ts';
import { renderResetScript } from './stack-script.ts';

/** What bash says about a script without running it; empty when it parses. */
function parse(script: string): string {
  return spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' }).stderr;
}

test.each(Object.values(recipes))('the reset of $name parses, from the registry or not', async (recipe) => {
  const stacks = await recipe.stacks();
  expect(parse(renderResetScript(stacks, recipe, { fromRegistry: false }))).toBe('');
  expect(parse(renderResetScript(stacks, recipe, { fromRegistry: true }))).toBe('');
});

test('a stack that a reset keeps is started and not made anew', async () => {
  const { traefik } = recipes;
  const script = renderResetScript(await traefik.stacks(), traefik, { fromRegistry: false });
  expect(script).toContain("keep=' proxy '");
  expect(script).toContain('\nstart proxy\n');
});

test('what comes from the registry keeps nothing and pulls', async () => {
  const { traefik } = recipes;
  const script = renderResetScript(await traefik.stacks(), traefik, { fromRegistry: true });
  expect(script).toContain("keep='  '");
  expect(script).toContain('up -d --pull always');
});

test.each(Object.entries(faultScripts))('the fault %s parses both ways', (_name, fault) => {
  expect(parse(fault.apply) + parse(fault.undo)).toBe('');
});

test('healing undoes every fault', () => {
  const script = renderHealScript(['/home/home/shop']);
  expect(parse(script)).toBe('');
  for (const { undo } of Object.values(faultScripts)) expect(script).toContain(undo);
  expect(script).toContain(readOnlyFolderScript('/home/home/shop').undo);
});
