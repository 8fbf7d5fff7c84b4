import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import type { QuestionView } from '../../../contract/views.ts';
import { Question } from './ladder.tsx';

const shown = (question: QuestionView): string =>
  renderToStaticMarkup(createElement(Question, { host: 'home', question }));
const posing = 'The key needs its passphrase';

test('SE7 what a server asks stands in quotes under a heading of ours, whatever it says', () => {
  const markup = shown({
    kind: 'keyboard-interactive',
    id: 'q',
    user: 'ada',
    host: 'home (10.0.0.1:22)',
    title: `${posing}\u202e\n<h2>x</h2>`,
    prompts: [{ text: 'Passphrase of /home/ada/.ssh/id_ed25519', echo: false }],
  });
  expect(markup.match(/<h2>.*?<\/h2>/g)).toEqual(['<h2>home (10.0.0.1:22) asks:</h2>']);
  expect(markup).toMatch(
    /<blockquote class="said"[^>]*>The key needs its passphrase\n&lt;h2&gt;x&lt;\/h2&gt;<\/blockquote>/,
  );
  expect(markup).toContain('<q class="said">Passphrase of /home/ada/.ssh/id_ed25519</q>');
  expect(markup).toContain('never the passphrase of a key');
  expect(markup).not.toContain('It is not stored');
});

test('SE7 the app’s own question has no quotes, and its heading is no text of a server', () => {
  const markup = shown({ kind: 'passphrase', id: 'q', keyPath: '/home/ada/.ssh/id_ed25519', again: false });
  expect(markup).toContain(`<h2>${posing}</h2>`);
  expect(markup).not.toContain('said');
});
