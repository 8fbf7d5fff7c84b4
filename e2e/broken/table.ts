/** One way a service was broken on the lab, what was said and how it was mended; times as measured, in milliseconds. */
export type Row = {
  name: string;
  title: string;
  level: 'down' | 'wrong' | 'at-risk';
  says: string;
  text: string;
  toldMs: number;
  /** The button's words, or what is to be done by hand. */
  button: string;
  answersMs: number;
};

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

export const renderTable = (rows: readonly Row[]): string => `# Broken by hand

What is said of a service that somebody broke, and what mends it: \`e2e/broken\` does each of these to an adopted service on a server of
the lab, one after the other. *Told after* counts from when the command had returned (0 ms: it was said before), *answers again after*
from the click until a request through the published port is answered, on two cores that much else was using.
What the window looks like then, and what someone made of the picture alone, is in [broken-seen.md](broken-seen.md).

| done | said | told after | button, or by hand | answers again after |
| --- | --- | --- | --- | --- |
${rows
  .map(
    ({ title, says, text, toldMs, button, answersMs }) =>
      `| ${cell(title)} | **${cell(says)}.** ${cell(text)} | ${toldMs} ms | ${cell(button)} | ${(answersMs / 1000).toFixed(1)} s |`,
  )
  .join('\n')}
`;
