import { useState } from 'react';
import type { AdoptPlanView, ServiceView } from '../../../contract/views.ts';
import { refOf, startVerb, useDeclined } from '../../bridge/store.ts';
import { useAnswer } from '../../bridge/use-answer.ts';
import { CopyButton, FailureNote, Findings } from '../../ui/controls.tsx';
import { formatDuration, oneLine } from '../../ui/format.ts';
import { ConfirmSheet, closeSheet } from './confirm-sheet.tsx';

const kindWords: Record<NonNullable<ServiceView['flipKind']>, string> = {
  http: 'HTTP through an entry point',
  tcp: 'TCP through an entry point',
  udp: 'UDP through an entry point',
  route: 'a route in your own proxy',
  directory: 'a symlink between two folders',
  swap: 'stop one, start the other, with a short gap',
};

/** What adoption would do, told before it is done. */
export function AdoptSheet({ host, service }: { host: string; service: ServiceView }) {
  const [port, setPort] = useState('');
  const [checkPath, setCheckPath] = useState('');
  const [sending, setSending] = useState(false);
  const declined = useDeclined(host, service.id);
  const options = {
    ...(/^\d+$/.test(port) ? { port: Number(port) } : {}),
    ...(checkPath.startsWith('/') ? { checkPath } : {}),
  };
  const answer = useAnswer(
    'adopt.plan',
    { ref: refOf(host, service), options },
    `${host} ${service.id} ${JSON.stringify(options)}`,
  );
  const confirm = async () => {
    setSending(true);
    const began = await startVerb(host, service, 'adopt', options);
    setSending(false);
    if (began) closeSheet();
  };
  const plan = answer.state === 'here' ? answer.value : null;
  const name = oneLine(service.name);
  return (
    <ConfirmSheet
      label={`Adopt ${name}`}
      testid="sheet-adopt"
      title={`Adopt ${name}`}
      lead="Its two tracks are set up once. From then on it updates without a gap, and every update can be undone."
      promise={plan?.adoptable === true ? 'compose.yaml keeps every byte.' : ''}
      confirm={`Adopt ${name.length > 24 ? 'it' : name}`}
      disabled={plan?.adoptable !== true || sending}
      onConfirm={() => void confirm()}
    >
      {answer.state === 'asking' && <p className="quiet">Reading the stack’s files.</p>}
      {answer.state === 'failed' && <FailureNote failure={answer.failure} />}
      {plan !== null && (
        <Plan plan={plan} port={port} setPort={setPort} checkPath={checkPath} setCheckPath={setCheckPath} />
      )}
      {declined?.verb === 'adopt' && <FailureNote failure={declined.failure} />}
    </ConfirmSheet>
  );
}

function Plan({
  plan,
  port,
  setPort,
  checkPath,
  setCheckPath,
}: {
  plan: AdoptPlanView;
  port: string;
  setPort: (port: string) => void;
  checkPath: string;
  setCheckPath: (path: string) => void;
}) {
  return (
    <>
      <div className="gap-note" data-testid="adopt-gap">
        <b className="number">about {formatDuration(plan.gap.estimateMs)}</b>
        <p>
          of gap, once, while the entry point takes the place of the container.{' '}
          <span className="quiet">{plan.gap.because}</span>
        </p>
      </div>
      <dl className="facts">
        <dt>Moved by</dt>
        <dd>{kindWords[plan.flipKind]}</dd>
        <dt>Why</dt>
        <dd>
          {plan.reasons.map((reason) => (
            <p key={reason}>{reason}</p>
          ))}
        </dd>
        <dt>Healthy when</dt>
        <dd>
          {plan.checks.length === 0 ? (
            <p>nothing is checked: releases will be unverified</p>
          ) : (
            plan.checks.map((check) => <p key={check}>{check}</p>)
          )}
        </dd>
        <dt>Port</dt>
        <dd>
          <input
            className="field short"
            inputMode="numeric"
            aria-label="Container port"
            data-testid="adopt-port"
            placeholder={String(plan.containerPort)}
            value={port}
            onChange={(event) => setPort(event.target.value)}
          />
        </dd>
        <dt>Check path</dt>
        <dd>
          <input
            className="field short"
            aria-label="Path of the HTTP check"
            data-testid="adopt-check-path"
            placeholder="as above"
            value={checkPath}
            onChange={(event) => setCheckPath(event.target.value)}
          />
        </dd>
      </dl>
      <Findings findings={plan.findings} />
      <details className="file-details">
        <summary>The file that is written beside compose.yaml</summary>
        <div className="file-path">
          <code className="mono clip selectable">{plan.overridePath}</code>
          <CopyButton text={plan.override} />
        </div>
        <pre className="file" data-testid="adopt-override">
          {plan.override}
        </pre>
      </details>
    </>
  );
}
