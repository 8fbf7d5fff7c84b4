import {
  CircleAlert,
  Ellipsis,
  Laptop,
  OctagonX,
  Plug,
  PlugZap,
  Plus,
  Server,
  TriangleAlert,
  Unplug,
} from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { remedies } from '../../../contract/remedies.ts';
import type { HostView } from '../../../contract/views.ts';
import { headlinesOf } from '../../../core/headline.ts';
import { dockerAwayWords } from '../../../core/trouble-words.ts';
import { call } from '../../bridge/client.ts';
import { showConnect, showHost } from '../../bridge/window-state.ts';
import { useSeconds } from '../../ui/clock.ts';
import { Ago, Command } from '../../ui/controls.tsx';
import { oneLine } from '../../ui/format.ts';
import { type Worst, worstOfHost } from '../../ui/marks.tsx';
import { Since } from '../../ui/since.tsx';
import './hosts.css';

const worstWords: Record<Worst, string> = {
  fine: 'all is well',
  busy: 'connecting',
  warning: 'something needs a look',
  trouble: 'trouble',
  away: 'away',
  off: 'not connected',
};

/** What is said first of a host, where something is wrong; all is well only where nothing is. */
function wordsOf(host: HostView, worst: Worst): string {
  if (host.connection.kind !== 'connected' || host.map === null) return worstWords[worst];
  if (host.map.dockerAwaySinceMs !== null) return dockerAwayWords(oneLine(host.target), 0).title;
  const [first, ...others] = headlinesOf(host.map);
  if (first === undefined) return worstWords[worst];
  return `${oneLine(first.trouble.title)}${others.length === 0 ? '' : `, and ${others.length} more`}`;
}

function WorstMark({ worst, local }: { worst: Worst; local: boolean }) {
  const size = 14;
  switch (worst) {
    case 'fine':
      return local ? <Laptop size={size} aria-hidden /> : <Server size={size} aria-hidden />;
    case 'busy':
      return <PlugZap size={size} aria-hidden />;
    case 'warning':
      return <TriangleAlert size={size} className="warning" aria-hidden />;
    case 'trouble':
      return <CircleAlert size={size} className="trouble" aria-hidden />;
    case 'away':
      return <Unplug size={size} className="warning" aria-hidden />;
    case 'off':
      return <Plug size={size} aria-hidden />;
  }
}

/** The hosts as tabs, each with the worst it has. */
export function HostTabs({ hosts, current }: { hosts: HostView[]; current: string | null }) {
  return (
    <div className="tabs">
      <div className="tabs-list" role="tablist" aria-label="Servers">
        {hosts.map((host, index) => {
          const worst = worstOfHost(host);
          const name = oneLine(host.target);
          return (
            <div key={host.id} className="tab" data-current={host.id === current || undefined}>
              <button
                type="button"
                role="tab"
                className="tab-name"
                aria-selected={host.id === current}
                data-testid={`tab-${host.target}`}
                data-worst={worst}
                title={`${host.target}: ${wordsOf(host, worst)}${index < 9 ? ` (Alt+${index + 1})` : ''}`}
                onClick={() => showHost(host.id)}
              >
                <WorstMark worst={worst} local={host.target === 'this machine'} />
                <span className="clip">{name}</span>
                <span className="only-read">, {wordsOf(host, worst)}</span>
              </button>
              {host.id === current && <HostMenu host={host} />}
            </div>
          );
        })}
      </div>
      <button
        type="button"
        className="button plain icon"
        data-testid="tab-add"
        aria-label="Connect another server"
        title="Connect another server (N)"
        onClick={showConnect}
      >
        <Plus size={16} />
      </button>
    </div>
  );
}

function HostMenu({ host }: { host: HostView }) {
  const [open, setOpen] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    menu.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus();
    const leave = (event: Event) => {
      if (menu.current?.contains(event.target as Node) !== true) setOpen(false);
    };
    document.addEventListener('mousedown', leave);
    return () => document.removeEventListener('mousedown', leave);
  }, [open]);
  const away = host.connection.kind === 'idle' || host.connection.kind === 'failed';
  const items: { name: string; testid: string; run: () => void }[] = [
    { name: 'Read everything again', testid: 'host-refresh', run: () => void call('hosts.refresh', { host: host.id }) },
    away
      ? { name: 'Connect', testid: 'host-connect', run: () => void call('hosts.connect', { host: host.id }) }
      : { name: 'Disconnect', testid: 'host-disconnect', run: () => void call('hosts.disconnect', { host: host.id }) },
    {
      name: 'Remove from the list',
      testid: 'host-remove-menu',
      run: () => void call('hosts.remove', { host: host.id }),
    },
  ];
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys of the menu inside, caught where they bubble to.
    <div
      className="menu-anchor"
      ref={menu}
      onKeyDown={(event) => {
        if (!open) return;
        const list = [...(menu.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])];
        const at = list.indexOf(document.activeElement as HTMLElement);
        if (event.key === 'Escape') setOpen(false);
        else if (event.key === 'ArrowDown') list[(at + 1) % list.length]?.focus();
        else if (event.key === 'ArrowUp') list[(at - 1 + list.length) % list.length]?.focus();
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <button
        type="button"
        className="tab-menu"
        data-testid="host-menu"
        aria-label={`${oneLine(host.target)}: more`}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Ellipsis size={14} />
      </button>
      {open && (
        <div className="menu" role="menu">
          {items.map((item) => (
            <button
              key={item.name}
              type="button"
              role="menuitem"
              data-testid={item.testid}
              onClick={() => {
                setOpen(false);
                item.run();
              }}
            >
              {item.name}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** One cause, one message: the host or its Docker is away, what is shown is old, and when it is tried again. */
export function AwayBanner({ host }: { host: HostView }) {
  const connection = host.connection;
  if (connection.kind === 'connected') return <DockerAway host={host} />;
  if (connection.kind === 'away') return <Away host={host} connection={connection} />;
  if (connection.kind === 'connecting' && host.map !== null) {
    return (
      <div className="banner" role="status" data-testid="banner-away">
        <PlugZap size={16} aria-hidden />
        <p>
          <b>Connecting to {oneLine(host.target)} again.</b> The map is as it was <Ago atMs={host.map.asOfMs} />.
        </p>
      </div>
    );
  }
  if (connection.kind === 'idle' && host.map !== null) {
    return (
      <div className="banner" role="status" data-testid="banner-away">
        <Plug size={16} aria-hidden />
        <p>
          <b>Not connected.</b> The map is as it was <Ago atMs={host.map.asOfMs} />.
        </p>
        <button type="button" className="button small" onClick={() => void call('hosts.connect', { host: host.id })}>
          Connect
        </button>
      </div>
    );
  }
  return null;
}

/** Nothing of what is shown can be done without Docker: no button, but what to type. */
function DockerAway({ host }: { host: HostView }) {
  const { map } = host;
  if (map === null || map.dockerAwaySinceMs === null) return null;
  const words = dockerAwayWords(oneLine(host.target), 0);
  const { command } = remedies['docker-stopped'];
  return (
    <div className="banner" data-level="down" role="alert" data-testid="banner-docker">
      <OctagonX size={22} aria-hidden />
      <div className="banner-words">
        <h2>
          {words.title} <Since atMs={map.dockerAwaySinceMs} />
        </h2>
        <p>
          {words.text} The map is as it was <Ago atMs={map.asOfMs} />.
        </p>
        <p>
          <b>What to do:</b> start Docker on the server.
        </p>
      </div>
      {command !== null && <Command text={command} />}
    </div>
  );
}

function Away({ host, connection }: { host: HostView; connection: Extract<HostView['connection'], { kind: 'away' }> }) {
  const now = useSeconds();
  const wait = connection.retryAtMs - now;
  return (
    <div className="banner" role="status" data-testid="banner-away">
      <Unplug size={16} aria-hidden />
      <p>
        <b>{oneLine(host.target)} is away</b> since <Ago atMs={connection.sinceMs} />. {connection.failure.message}{' '}
        {host.map !== null && (
          <>
            The map is as it was <Ago atMs={host.map.asOfMs} />; jobs on the server go on.
          </>
        )}
      </p>
      <span className="number banner-wait">{wait > 0 ? `next try in ${Math.ceil(wait / 1000)} s` : 'trying now'}</span>
      <button
        type="button"
        className="button small"
        data-testid="away-retry"
        onClick={() => void call('hosts.connect', { host: host.id })}
      >
        Try now
      </button>
    </div>
  );
}
