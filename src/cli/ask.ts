import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Question } from '../core/connection.ts';
import { plainLine } from '../core/plain-text.ts';

export type Terminal = { input: NodeJS.ReadableStream; output: NodeJS.WritableStream };

/** A line in pieces that a terminal need not break: what it breaks would begin a line without a mark. */
const piecesOf = (text: string): string[] =>
  plainLine(text)
    .replace(/\s+/g, ' ')
    .trim()
    .match(/.{1,50}/gsu) ?? [];

/** Asks in a terminal what connecting has to ask. Secrets are not shown while they are typed. Null says no. */
export async function askInTerminal(question: Question, { input, output }: Terminal): Promise<string[] | null> {
  let muted = false;
  // The terminal is in raw mode, so that what is typed is shown by readline alone: muting what it writes hides it.
  const shown = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      if (!muted) output.write(chunk);
      done();
    },
  });
  const terminal = createInterface({ input, output: shown, terminal: true });
  const openly = (prompt: string): Promise<string> => terminal.question(plainLine(prompt));
  const secretly = async (prompt: string): Promise<string> => {
    const answer = openly(prompt);
    muted = true;
    try {
      return await answer;
    } finally {
      muted = false;
      output.write('\n');
    }
  };
  try {
    switch (question.kind) {
      case 'host-key': {
        output.write(
          plainLine(`The key of ${question.host} is not known. ${question.algorithm} ${question.sha256}`).concat('\n'),
        );
        const answer = await openly('Compare it with what the server prints. Connect, and remember it? (yes/no) ');
        return answer.trim().toLowerCase() === 'yes' ? ['accept'] : null;
      }
      case 'passphrase':
        return [await secretly(`Passphrase of ${question.keyPath}: `)];
      case 'password':
        return [await secretly(`Password of ${question.user}@${question.host}: `)];
      case 'keyboard-interactive': {
        const answers: string[] = [];
        // As ssh does: each line of the server's is marked as its own, so that none passes for a question of ours.
        const by = `(${plainLine(question.user)}@${plainLine(question.host)}) `;
        for (const line of question.title.split('\n').flatMap(piecesOf)) output.write(`${by}${line}\n`);
        for (const prompt of question.prompts) {
          const pieces = piecesOf(prompt.text);
          for (const line of pieces.slice(0, -1)) output.write(`${by}${line}\n`);
          const asked = `${by}${pieces.at(-1) ?? ''} `;
          answers.push(prompt.echo ? await openly(asked) : await secretly(asked));
        }
        return answers;
      }
    }
  } finally {
    terminal.close();
  }
}
