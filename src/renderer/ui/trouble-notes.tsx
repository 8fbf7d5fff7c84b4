import type { Trouble } from '../../core/trouble.ts';
import { Note } from './controls.tsx';
import { oneLine } from './format.ts';
import { Since } from './since.tsx';
import { levelWords } from './trouble-words.ts';

/** All that is wrong with a service, in full, the worst first. */
export function TroubleNotes({ troubles }: { troubles: Trouble[] }) {
  if (troubles.length === 0) return null;
  return (
    <div className="stacked" data-testid="troubles">
      {troubles.map((trouble) => (
        <Note
          key={trouble.cause}
          level={trouble.level === 'down' ? 'stop' : 'warning'}
          title={`${levelWords[trouble.level]}: ${oneLine(trouble.title)}`}
          testid={`trouble-${trouble.cause}`}
        >
          <p>{trouble.text}</p>
          {trouble.quote !== null && <pre className="file telling">{trouble.quote}</pre>}
          {trouble.sinceMs !== null && (
            <p className="quiet">
              <Since atMs={trouble.sinceMs} />
            </p>
          )}
          {trouble.byHand !== null && (
            <p>
              <b>What to do:</b> {trouble.byHand}
            </p>
          )}
        </Note>
      ))}
    </div>
  );
}
