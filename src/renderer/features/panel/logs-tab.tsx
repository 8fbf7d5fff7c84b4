import { ArrowDownToLine, TextWrap } from 'lucide-react';
import { type RefObject, useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { LogLine, ServiceView } from '../../../contract/views.ts';
import type { Failure } from '../../../core/failure.ts';
import { slots } from '../../../core/slot.ts';
import { call, on } from '../../bridge/client.ts';
import { refOf } from '../../bridge/store.ts';
import { showLogSlot, useWindow, wrapLogs } from '../../bridge/window-state.ts';
import { FailureNote } from '../../ui/controls.tsx';
import { count, formatAbsolute } from '../../ui/format.ts';
import { filterLines, lineAt, mergeLines, plainText, rowsOf } from './log-buffer.ts';

const lineHeight = 18;
const linePadding = 18;

/** Whose lines they are: a container that comes or goes, as next does by a deploy, is another reading. */
const containersOf = (service: ServiceView): string =>
  (service.adopted
    ? slots.map((slot) => service.slots[slot]?.container?.id)
    : service.containers.map(({ id }) => id)
  ).join();

/** Follows a service for as long as somebody looks. Lines come in bunches; those that come before the name of the follow are kept for it. */
function useFollow(host: string, service: ServiceView): { lines: LogLine[]; ended: boolean; failure: Failure | null } {
  const [lines, setLines] = useState<LogLine[]>([]);
  const [ended, setEnded] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const { stack, name } = service;
  const containers = containersOf(service);
  // biome-ignore lint/correctness/useExhaustiveDependencies: which containers are read is decided by the server.
  useEffect(() => {
    let follow: string | null = null;
    let gone = false;
    const early = new Map<string, { lines: LogLine[]; ended: boolean }[]>();
    const take = (event: { lines: LogLine[]; ended: boolean }) => {
      // Why it ended is said by this machine's clock, and last.
      setLines((before) => (event.ended ? [...before, ...event.lines] : mergeLines(before, event.lines)));
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
  }, [host, stack, name, containers]);
  return { lines, ended, failure };
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** How many characters of a line's text fit beside its time and its slot: `probe` is a hundred of them. */
function useColumns(pane: RefObject<HTMLDivElement | null>, probe: RefObject<HTMLElement | null>): number {
  const [columns, setColumns] = useState(80);
  useLayoutEffect(() => {
    if (pane.current === null) return;
    const measure = () => {
      const [text, beside] = [probe.current?.offsetWidth ?? 0, probe.current?.offsetLeft ?? 0];
      const width = pane.current?.clientWidth ?? 0;
      if (text > 0 && width > 0) setColumns(Math.max(10, Math.floor((width - beside - linePadding) / (text / 100))));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(pane.current);
    return () => observer.disconnect();
  }, [pane, probe]);
  return columns;
}

export function LogsTab({ host, service }: { host: string; service: ServiceView }) {
  const { lines, ended, failure } = useFollow(host, service);
  const chosen = useWindow((state) => state.logSlot);
  const slot = service.adopted ? chosen : null;
  const wrap = useWindow((state) => state.logWrap);
  const [search, setSearch] = useState('');
  const wanted = useDeferredValue(search);
  const shown = useMemo(() => filterLines(lines, slot, wanted), [lines, slot, wanted]);
  const [following, setFollowing] = useState(true);
  const [range, setRange] = useState({ first: 0, last: 60 });
  const pane = useRef<HTMLDivElement>(null);
  const probe = useRef<HTMLElement>(null);
  const columns = useColumns(pane, probe);
  const tops = useMemo(() => rowsOf(shown, wrap ? columns : null), [shown, wrap, columns]);

  const look = () => {
    const box = pane.current;
    if (box === null) return;
    const first = lineAt(tops, Math.floor(box.scrollTop / lineHeight) - 20);
    const last = lineAt(tops, Math.ceil((box.scrollTop + box.clientHeight) / lineHeight) + 20) + 1;
    setRange((before) => (before.first === first && before.last === last ? before : { first, last }));
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines are what moves the end.
  useEffect(() => {
    const box = pane.current;
    if (box === null) return;
    if (following) box.scrollTop = box.scrollHeight;
    look();
  }, [tops, following]);

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
                onClick={() => showLogSlot(each)}
              >
                {each ?? 'both'}
              </button>
            ))}
          </fieldset>
        )}
        <button
          type="button"
          className="button small icon"
          data-testid="logs-wrap"
          aria-label="Break long lines"
          title="Break long lines"
          aria-pressed={wrap}
          onClick={() => wrapLogs(!wrap)}
        >
          <TextWrap size={14} />
        </button>
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
        <div className="logs-lines" data-wrap={wrap || undefined} style={{ height: (tops.at(-1) ?? 0) * lineHeight }}>
          <p className="logs-line logs-probe" aria-hidden>
            <time>00:00:00</time>
            {service.adopted && <i />}
            <span ref={probe}>{'0'.repeat(100)}</span>
          </p>
          {shown.slice(range.first, range.last).map((line, index) => {
            const at = range.first + index;
            const [top, end] = [tops[at] ?? 0, tops[at + 1] ?? 0];
            return (
              <p
                key={at}
                className="logs-line"
                data-stream={line.stream}
                style={{ top: top * lineHeight, height: (end - top) * lineHeight }}
              >
                <time title={formatAbsolute(line.atMs)}>{clock.format(line.atMs)}</time>
                {line.slot !== null && <i data-slot={line.slot}>{line.slot}</i>}
                <span>{plainText(line.text)}</span>
              </p>
            );
          })}
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
