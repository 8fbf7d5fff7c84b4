import { ArrowDownToLine } from 'lucide-react';
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import type { LogLine, ServiceView } from '../../../contract/views.ts';
import type { Failure } from '../../../core/failure.ts';
import type { Slot } from '../../../core/slot.ts';
import { call, on } from '../../bridge/client.ts';
import { refOf } from '../../bridge/store.ts';
import { FailureNote } from '../../ui/controls.tsx';
import { count, formatAbsolute } from '../../ui/format.ts';
import { appendLines, filterLines, plainText } from './log-buffer.ts';

const lineHeight = 18;

/** Follows a service for as long as somebody looks. Lines come in bunches; those that come before the name of the follow are kept for it. */
function useFollow(host: string, service: ServiceView): { lines: LogLine[]; ended: boolean; failure: Failure | null } {
  const [lines, setLines] = useState<LogLine[]>([]);
  const [ended, setEnded] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const { stack, name } = service;
  useEffect(() => {
    let follow: string | null = null;
    let gone = false;
    const early = new Map<string, { lines: LogLine[]; ended: boolean }[]>();
    const take = (event: { lines: LogLine[]; ended: boolean }) => {
      setLines((before) => appendLines(before, event.lines));
      if (event.ended) setEnded(true);
    };
    const off = on('log', (event) => {
      if (follow === null) early.set(event.follow, [...(early.get(event.follow) ?? []), event]);
      else if (event.follow === follow) take(event);
    });
    setLines([]);
    setEnded(false);
    setFailure(null);
    void call('logs.follow', { ref: refOf(host, { stack, name }), tail: 500 }).then((reply) => {
      if (!reply.ok) {
        setFailure(reply.failure);
        return;
      }
      if (gone) {
        void call('logs.stop', { follow: reply.value.follow });
        return;
      }
      follow = reply.value.follow;
      for (const event of early.get(follow) ?? []) take(event);
      early.clear();
    });
    return () => {
      gone = true;
      off();
      if (follow !== null) void call('logs.stop', { follow });
    };
  }, [host, stack, name]);
  return { lines, ended, failure };
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export function LogsTab({ host, service }: { host: string; service: ServiceView }) {
  const { lines, ended, failure } = useFollow(host, service);
  const [slot, setSlot] = useState<Slot | null>(null);
  const [search, setSearch] = useState('');
  const wanted = useDeferredValue(search);
  const shown = useMemo(() => filterLines(lines, slot, wanted), [lines, slot, wanted]);
  const [following, setFollowing] = useState(true);
  const [range, setRange] = useState({ first: 0, last: 60 });
  const pane = useRef<HTMLDivElement>(null);

  const look = () => {
    const box = pane.current;
    if (box === null) return;
    const first = Math.max(0, Math.floor(box.scrollTop / lineHeight) - 20);
    const last = Math.ceil((box.scrollTop + box.clientHeight) / lineHeight) + 20;
    setRange((before) => (before.first === first && before.last === last ? before : { first, last }));
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines are what moves the end.
  useEffect(() => {
    const box = pane.current;
    if (box === null) return;
    if (following) box.scrollTop = box.scrollHeight;
    look();
  }, [shown, following]);

  if (failure !== null) return <FailureNote failure={failure} />;
  return (
    <div className="logs">
      <div className="logs-tools">
        <input
          className="field"
          type="search"
          aria-label="Search the logs"
          data-testid="logs-search"
          placeholder="Search"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        {service.adopted && (
          <fieldset className="segments">
            <legend className="only-read">Slot</legend>
            {([null, 'blue', 'green'] as const).map((each) => (
              <button
                key={each ?? 'both'}
                type="button"
                aria-pressed={slot === each}
                data-slot={each ?? undefined}
                onClick={() => setSlot(each)}
              >
                {each ?? 'both'}
              </button>
            ))}
          </fieldset>
        )}
      </div>
      <div
        className="logs-pane"
        ref={pane}
        data-testid="logs"
        role="log"
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        tabIndex={0}
        onScroll={(event) => {
          const box = event.currentTarget;
          setFollowing(box.scrollTop + box.clientHeight >= box.scrollHeight - lineHeight);
          look();
        }}
      >
        <div className="logs-lines" style={{ height: shown.length * lineHeight }}>
          {shown.slice(range.first, range.last).map((line, index) => (
            <p
              // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place; nothing in it has a state.
              key={range.first + index}
              className="logs-line"
              data-stream={line.stream}
              style={{ top: (range.first + index) * lineHeight }}
            >
              <time title={formatAbsolute(line.atMs)}>{clock.format(line.atMs)}</time>
              {line.slot !== null && <i data-slot={line.slot}>{line.slot}</i>}
              <span>{plainText(line.text)}</span>
            </p>
          ))}
        </div>
        {shown.length === 0 && (
          <p className="quiet logs-empty">{lines.length === 0 ? 'No lines yet.' : 'No line holds that text.'}</p>
        )}
      </div>
      <p className="logs-foot quiet number">
        {wanted.trim() === '' && slot === null
          ? count(lines.length, 'line')
          : `${shown.length} of ${count(lines.length, 'line')}`}
        {ended ? ', ended' : following ? ', following' : ''}
        {!following && (
          <button type="button" className="button small" onClick={() => setFollowing(true)}>
            <ArrowDownToLine size={13} /> Follow
          </button>
        )}
      </p>
    </div>
  );
}
