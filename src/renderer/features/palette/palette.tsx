import { CornerDownLeft } from 'lucide-react';
import { useEffect, useId, useMemo, useState } from 'react';
import { flushSync } from 'react-dom';
import type { HostView, ReleaseView, ServiceView } from '../../../contract/views.ts';
import { isKnown } from '../../bridge/as-known.ts';
import { call } from '../../bridge/client.ts';
import { labelOf, type Offer, offersOf, reservationOf } from '../../bridge/offers.ts';
import { stopJob } from '../../bridge/stopping.ts';
import { refOf, startVerb, useServer } from '../../bridge/store.ts';
import {
  openPanel,
  panelTabs,
  setTheme,
  showActivity,
  showConnect,
  showHost,
  showKeys,
  showPalette,
  showSheet,
  toggleView,
  useWindow,
} from '../../bridge/window-state.ts';
import { Dialog } from '../../ui/controls.tsx';
import { confirmChoices, oneLine, watchChoices } from '../../ui/format.ts';
import { verbNames } from '../../ui/switch-words.ts';
import { rank } from './find.ts';
import './palette.css';

type Command = { key: string; title: string; more: string; run: () => void };

const most = 60;

/** Find a service, a verb or a place by typing some of its letters. */
export function Palette({ host, onOffer }: { host: HostView; onOffer: (offer: Offer, service: ServiceView) => void }) {
  const [typed, setTyped] = useState('');
  const [active, setActive] = useState(0);
  const hosts = useServer((state) => state.hosts);
  const selected = useWindow((state) => state.service);
  const list = useId();
  const old = useOldReleases(
    host,
    host.map?.stacks.flatMap((stack) => stack.services).find((service) => service.id === selected),
  );
  const commands = useMemo(
    () => commandsOf(host, hosts, selected, old, onOffer),
    [host, hosts, selected, old, onOffer],
  );
  const found = useMemo(
    () =>
      commands
        .map((command) => ({
          command,
          rank: rank(command.title, typed) ?? later(rank(`${command.title} ${command.more}`, typed)),
        }))
        .filter((each): each is { command: Command; rank: number } => each.rank !== null)
        .sort((a, b) => a.rank - b.rank)
        .slice(0, most)
        .map((each) => each.command),
    [commands, typed],
  );
  const run = (command: Command | undefined) => {
    if (command === undefined) return;
    // Closed first, and now: closing gives the focus back, and with it the selection, to where they were.
    flushSync(() => showPalette(false));
    command.run();
  };
  return (
    <Dialog className="sheet palette" label="Find anything" testid="palette" onClose={() => showPalette(false)}>
      <input
        className="palette-field"
        data-testid="palette-field"
        autoFocus
        role="combobox"
        aria-expanded
        aria-controls={list}
        aria-activedescendant={`${list}-${active}`}
        aria-label="Find a service or a command"
        placeholder="Find a service or a command"
        spellCheck={false}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setActive(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setActive((index) => Math.min(found.length - 1, index + 1));
          else if (event.key === 'ArrowUp') setActive((index) => Math.max(0, index - 1));
          else if (event.key === 'Enter') run(found[active]);
          else return;
          event.preventDefault();
        }}
      />
      <div className="palette-list" role="listbox" id={list} aria-label="Found">
        {found.map((command, index) => (
          <button
            key={command.key}
            id={`${list}-${index}`}
            type="button"
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            className="palette-item"
            ref={index === active ? (node) => node?.scrollIntoView({ block: 'nearest' }) : undefined}
            onMouseMove={() => setActive(index)}
            onClick={() => run(command)}
          >
            <span className="clip">{command.title}</span>
            <span className="quiet clip">{command.more}</span>
            {index === active && <CornerDownLeft size={14} aria-hidden />}
          </button>
        ))}
        {found.length === 0 && <p className="quiet palette-none">Nothing is called that.</p>}
      </div>
    </Dialog>
  );
}

const later = (value: number | null): number | null => (value === null ? null : value + 10);

const paletteOffers = new Set<Offer>([
  'go',
  'mend',
  'adopt',
  'deploy',
  'flip',
  'confirm',
  'rollback',
  'preview',
  'retire',
  'retire-previous',
  'retry',
  'eject',
  'logs',
]);

/** Releases of before of the selected service, read when the palette opens: any of them can be deployed again. */
function useOldReleases(host: HostView, service: ServiceView | undefined): ReleaseView[] {
  const [releases, setReleases] = useState<ReleaseView[]>([]);
  const canAsk = service?.adopted === true && isKnown(host);
  const { stack, name } = service ?? { stack: '', name: '' };
  useEffect(() => {
    setReleases([]);
    if (!canAsk) return;
    let current = true;
    void call('releases.list', { ref: refOf(host.id, { stack, name }) }).then((reply) => {
      if (current && reply.ok) setReleases(reply.value.filter((release) => release.role === 'old'));
    });
    return () => {
      current = false;
    };
  }, [host.id, stack, name, canAsk]);
  return releases;
}

/** `Flip to 1.5.0: frontend`; an ellipsis stays at the end. */
const titleOf = (label: string, { name }: ServiceView): string =>
  `${label.replace(/…$/, '')}: ${oneLine(name)}${label.endsWith('…') ? '…' : ''}`;

export function commandsOf(
  host: HostView,
  hosts: HostView[],
  selected: string | null,
  old: ReleaseView[],
  onOffer: (offer: Offer, service: ServiceView) => void,
): Command[] {
  const services = (host.map?.stacks ?? []).flatMap((stack) => stack.services);
  const ofService = (service: ServiceView): Command[] => {
    const offers = offersOf(service, isKnown(host));
    return [
      ...offers
        .filter((offer) => paletteOffers.has(offer))
        .map((offer) => ({
          key: `${service.id} ${offer}`,
          title: titleOf(labelOf(offer, service), service),
          more: oneLine(reservationOf(offer, service) ?? service.stack),
          run: () => onOffer(offer, service),
        })),
      ...(offers.includes('arm') ? confirmChoices : []).map(({ minutes, words }) => ({
        key: `${service.id} arm ${minutes}`,
        title: `Flip ${oneLine(service.name)}, and go back unless I confirm within ${words}`,
        more: oneLine(service.stack),
        run: () => void startVerb(host.id, service, 'flip', { confirmMinutes: minutes }),
      })),
      ...(offers.includes('arm') ? watchChoices : []).map(({ minutes, words }) => ({
        key: `${service.id} watch ${minutes}`,
        title: `Flip ${oneLine(service.name)}, and watch it ${minutes === 0 ? words : `for ${words}`}`,
        more: oneLine(service.stack),
        run: () => void startVerb(host.id, service, 'flip', { watchMinutes: minutes }),
      })),
    ];
  };
  const stops = hosts.flatMap((each) =>
    each.connection.kind !== 'connected'
      ? []
      : each.jobs
          .filter((job) => job.state === 'running' || job.state === 'waiting')
          .map((job) => ({
            key: `stop ${each.id} ${job.id}`,
            title: `Stop: ${verbNames[job.verb]} ${oneLine(job.service)}`,
            more: oneLine(each.target),
            run: () => void stopJob(each.id, job),
          })),
  );
  const current = services.find((service) => service.id === selected);
  const others = services.filter((service) => service !== current);
  const mayDeploy = current !== undefined && offersOf(current, isKnown(host)).includes('deploy');
  return [
    ...(current === undefined ? [] : ofService(current)),
    ...stops,
    ...(mayDeploy ? old : []).map(({ number, version, image, outcome }) => ({
      key: `redeploy ${number}`,
      title: `Deploy release ${number} of ${oneLine(current?.name ?? '')} again…`,
      more: `${oneLine(version ?? image)}${outcome === 'went-back' ? ', went back by itself' : ''}`,
      run: () => showSheet({ kind: 'deploy', service: current?.id ?? '', options: { release: number } }),
    })),
    ...(current === undefined
      ? []
      : panelTabs.map((tab) => ({
          key: `tab ${tab}`,
          title: `${tab[0]?.toUpperCase()}${tab.slice(1)} of ${oneLine(current.name)}`,
          more: 'panel',
          run: () => openPanel(current.id, tab),
        }))),
    ...services.map((service) => ({
      key: `show ${service.id}`,
      title: oneLine(service.name),
      more: oneLine(service.stack),
      run: () => openPanel(service.id),
    })),
    ...others.flatMap(ofService),
    { key: 'view', title: 'Map or list', more: 'L', run: toggleView },
    { key: 'activity', title: 'Activity', more: 'J', run: () => showActivity(true) },
    {
      key: 'refresh',
      title: 'Read everything again',
      more: host.target,
      run: () => void call('hosts.refresh', { host: host.id }),
    },
    { key: 'connect', title: 'Connect another server', more: 'N', run: showConnect },
    ...hosts
      .filter((other) => other.id !== host.id)
      .map((other) => ({
        key: `host ${other.id}`,
        title: `Go to ${oneLine(other.target)}`,
        more: 'server',
        run: () => showHost(other.id),
      })),
    { key: 'light', title: 'Light theme', more: 'theme', run: () => setTheme('light') },
    { key: 'dark', title: 'Dark theme', more: 'theme', run: () => setTheme('dark') },
    { key: 'system', title: 'Theme of the system', more: 'theme', run: () => setTheme('system') },
    { key: 'keys', title: 'Keys', more: '?', run: () => showKeys(true) },
  ];
}
