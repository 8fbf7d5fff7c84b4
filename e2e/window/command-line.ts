import path from 'node:path';
import { run } from '../../build/setup/command.ts';
import { repositoryFolder } from '../../build/setup/folders.ts';
import type { Job } from '../../src/core/job.ts';

/** What `switchyard … --json` answers. */
export interface Answer {
  code: number;
  json: { ok: true; value: unknown } | { ok: false; failure: { code: string; message: string }; job: Job | null };
}

/** Runs the command line as a script would: its exit code, and the one document it prints. */
export async function switchyard(sshConfigPath: string, ...words: string[]): Promise<Answer> {
  const { code, stdout, stderr } = await run(
    [process.execPath, path.join(repositoryFolder, 'src/cli/main.ts'), ...words, '-F', sshConfigPath, '--json'],
    { okCodes: [0, 1, 2, 10, 11, 12, 13], timeoutMs: 240_000 },
  );
  try {
    return { code, json: JSON.parse(stdout) as Answer['json'] };
  } catch {
    throw new Error(`switchyard ${words.join(' ')} ended with ${code} and printed no JSON:\n${stdout}\n${stderr}`);
  }
}
