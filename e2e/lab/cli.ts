import { spawn } from 'node:child_process';
import { CommandError } from '../../build/setup/command.ts';
import { SetupError } from '../../build/setup/system.ts';
import { downLab, type HostStatus, isRecipeName, labStatus, openLab, recipes, upLab } from './lab.ts';
import type { RecipeName } from './recipe.ts';

const usage = `usage: npm run lab -- COMMAND
  up [RECIPE...]     bring up home servers: ${Object.keys(recipes).join(', ')} (shop when none is named)
  down [--images]    remove them; with --images all that was built for them too
  reset [RECIPE...]  make the stacks of a recipe pristine again
  status [--json]    what is up, and where
  ssh [HOST] [...]   log in (home when no host is named)`;

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  switch (command) {
    case 'up':
      await upLab(recipeNames(rest, ['shop']));
      await printStatus(false);
      return 0;
    case 'down':
      await downLab({ images: rest.includes('--images') });
      return 0;
    case 'reset': {
      const lab = await openLab();
      for (const name of recipeNames(rest, ['shop'])) await lab.reset(name);
      return 0;
    }
    case 'status':
      return printStatus(rest.includes('--json'));
    case 'ssh': {
      const lab = await openLab();
      return runSsh(['-F', lab.sshConfigPath, ...(rest.length > 0 ? rest : ['home'])]);
    }
    default:
      throw new UsageError(command === undefined ? 'no command' : `unknown command ${command}`);
  }
}

class UsageError extends Error {}

function recipeNames(words: readonly string[], otherwise: RecipeName[]): RecipeName[] {
  const names = words.map((word) => {
    if (!isRecipeName(word))
      throw new UsageError(`there is no recipe ${word}; there are: ${Object.keys(recipes).join(', ')}`);
    return word;
  });
  return names.length > 0 ? names : otherwise;
}

async function printStatus(asJson: boolean): Promise<number> {
  const status = await labStatus();
  if (asJson) {
    process.stdout.write(`${JSON.stringify(status, null, 2)}\n`);
  } else if (status.hosts.length === 0) {
    process.stdout.write('The lab is not up. Type: npm run lab -- up\n');
  } else {
    process.stdout.write(
      `${status.hosts.map(renderHost).join('\n')}\nregistry ${status.registry.name} ${status.registry.state}, here 127.0.0.1:${status.registry.port}\n`,
    );
  }
  return status.up ? 0 : 3;
}

function renderHost(host: HostStatus): string {
  const addresses = Object.entries(host.http).map(([what, port]) => `${what} http://127.0.0.1:${port}`);
  const stacks = Object.entries(host.stackStates).map(([name, state]) => `  ${name}: ${state}`);
  return [
    `${host.name} ${host.state}, ${host.containers} containers, ssh -F out/lab/ssh_config ${host.name}`,
    ...addresses.map((each) => `  ${each}`),
    ...stacks,
  ].join('\n');
}

function runSsh(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', args, { stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n${usage}\n`);
    process.exitCode = 2;
  } else if (error instanceof SetupError || error instanceof CommandError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  } else {
    throw error;
  }
}
