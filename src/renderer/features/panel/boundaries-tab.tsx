import { Radius } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ServiceView } from '../../../contract/views.ts';
import { useStack } from '../../bridge/store.ts';
import { openPanel, toggleBlast, useWindow } from '../../bridge/window-state.ts';
import { Findings } from '../../ui/controls.tsx';
import { count, formatPort, oneLine } from '../../ui/format.ts';

const bare = (reference: string): string => reference.slice(reference.indexOf('/') + 1);

/** What a service shares with others, and what fails with it. */
export function BoundariesTab({ host, service }: { host: string; service: ServiceView }) {
  const stack = useStack(host, service.stack);
  const blast = useWindow((state) => state.blast);
  const sharedWith = (services: string[]): string[] =>
    services.filter((each) => each !== service.id && each !== service.name).map(bare);
  const networks = service.networks.map((name) => {
    const network = stack?.networks.find((each) => each.name === name);
    return { name, internal: network?.internal === true, others: sharedWith(network?.services ?? []) };
  });
  const dependants = (stack?.services ?? []).filter((each) =>
    each.dependsOn.some((on) => on === service.id || on === service.name),
  );
  const toId = (reference: string) => (reference.includes('/') ? reference : `${service.stack}/${reference}`);
  return (
    <>
      <section>
        <h3 className="block-title">Blast radius</h3>
        <p>
          {service.blastRadius.length === 0
            ? 'Nothing else in this stack fails with it.'
            : `${count(service.blastRadius.length, 'service')} ${service.blastRadius.length === 1 ? 'fails' : 'fail'} with it: ${service.blastRadius
                .map((id) => oneLine(bare(id)))
                .join(', ')}.`}
        </p>
        <button
          type="button"
          className="button spaced"
          data-testid="blast-radius"
          aria-pressed={blast}
          title="Dim what would survive (B)"
          onClick={toggleBlast}
        >
          <Radius size={15} /> {blast ? 'Show everything' : 'Dim what would survive'}
        </button>
      </section>
      <Group title="Depends on" empty="Nothing in this stack.">
        {service.dependsOn.map((id) => (
          <li key={id}>
            <button type="button" className="link" onClick={() => openPanel(toId(id))}>
              {oneLine(bare(id))}
            </button>
          </li>
        ))}
      </Group>
      <Group title="Who depends on it" empty="Nobody in this stack.">
        {dependants.map((each) => (
          <li key={each.id}>
            <button type="button" className="link" onClick={() => openPanel(each.id)}>
              {oneLine(each.name)}
            </button>
          </li>
        ))}
      </Group>
      <Group title="Published ports" empty="None: it is reached from inside only.">
        {service.ports.map((port) => (
          <li key={`${port.hostIp} ${port.hostPort} ${port.protocol}`}>
            <b className="mono">{formatPort(port)}</b>
            <span className="quiet">
              to {port.containerPort}/{port.protocol}
              {port.hostIp === '127.0.0.1' ? ', this host only' : ''}
            </span>
          </li>
        ))}
      </Group>
      <Group title="Networks" empty="None.">
        {networks.map((network) => (
          <li key={network.name}>
            <b className="clip">{oneLine(network.name)}</b>
            <span className="quiet">
              {network.internal ? 'internal, ' : ''}
              {network.others.length === 0 ? 'alone' : `with ${network.others.map(oneLine).join(', ')}`}
            </span>
          </li>
        ))}
      </Group>
      <Group title="Volumes and mounts" empty="None: it keeps nothing of its own.">
        {service.mounts.map((mount) => {
          const others = sharedWith(stack?.volumes.find((each) => each.name === mount.source)?.services ?? []);
          return (
            <li key={mount.target} className="mount">
              <b className="mono clip" title={mount.source}>
                {oneLine(mount.source)}
              </b>
              <span className="quiet mono">
                {oneLine(mount.target)}
                {mount.readOnly ? ', read only' : ''}
              </span>
              {others.length > 0 && <span className="quiet">shared with {others.map(oneLine).join(', ')}</span>}
            </li>
          );
        })}
      </Group>
      <Findings findings={service.findings} />
    </>
  );
}

function Group({ title, empty, children }: { title: string; empty: string; children: ReactNode[] }) {
  return (
    <section>
      <h3 className="block-title">{title}</h3>
      {children.length === 0 ? <p className="quiet">{empty}</p> : <ul className="plain-list pairs">{children}</ul>}
    </section>
  );
}
