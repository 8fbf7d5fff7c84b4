import { useEffect, useState } from 'react';
import type { AdoptPlanView, ServiceView } from '../../../contract/views.ts';
import type { VerbOptions } from '../../../core/job.ts';
import { hiddenMark } from '../../../core/mask.ts';
import { refOf, startVerb, useDeclined } from '../../bridge/store.ts';
import { useValues, type Values } from '../../bridge/use-values.ts';
import { CopyButton, FailureNote, Findings } from '../../ui/controls.tsx';
import { ValuesButton } from '../../ui/diff-table.tsx';
import { formatDuration, oneLine } from '../../ui/format.ts';
import { type AdoptFields, asksToShare, fieldsOf, optionsOf } from './adopt-options.ts';
import { ConfirmSheet, closeSheet } from './confirm-sheet.tsx';

const kindWords: Record<NonNullable<ServiceView['flipKind']>, string> = {
  http: 'HTTP through an entry point',
  tcp: 'TCP through an entry point',
  udp: 'UDP through an entry point',
  route: 'a route in your own proxy',
  directory: 'a symlink between two folders',
  swap: 'stop one, start the other, with a short gap',
};

/** What adoption would do, told before it is done. `asked` is filled in. */
export function AdoptSheet({ host, service, asked }: { host: string; service: ServiceView; asked: VerbOptions }) {
  const [fields, setFields] = useState(() => fieldsOf(asked));
  const [settled, setSettled] = useState(fields);
  const [sending, setSending] = useState(false);
  const [shown, setShown] = useState<AdoptPlanView | null>(null);
  const declined = useDeclined(host, service.id);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(fields), 350);
    return () => clearTimeout(timer);
  }, [fields]);
  const { answer, values } = useValues(
    'adopt.plan',
    { ref: refOf(host, service), options: optionsOf(settled) },
    `${host} ${service.id} ${JSON.stringify(settled)}`,
  );
  // A plan that was refused leaves the one before in sight, with the field in it that has to be corrected.
  useEffect(() => {
    if (answer.state === 'here') setShown(answer.value);
  }, [answer]);
  const confirm = async () => {
    setSending(true);
    const began = await startVerb(host, service, 'adopt', optionsOf(fields));
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
      lead="Its two slots are set up once. From then on it updates without a gap, and every update can be undone."
      promise={plan?.adoptable === true ? 'compose.yaml keeps every byte.' : ''}
      confirm={`Adopt ${name.length > 24 ? 'it' : name}`}
      disabled={plan?.adoptable !== true || sending}
      onConfirm={() => void confirm()}
    >
      {answer.state === 'asking' && <p className="quiet">Reading the stack’s files.</p>}
      {answer.state === 'failed' && <FailureNote failure={answer.failure} />}
      {(shown !== null || answer.state === 'failed') && (
        <Plan plan={shown} values={values} fields={fields} setFields={setFields} />
      )}
      {declined?.verb === 'adopt' && <FailureNote failure={declined.failure} />}
    </ConfirmSheet>
  );
}

function Plan({
  plan,
  values,
  fields,
  setFields,
}: {
  plan: AdoptPlanView | null;
  values: Values;
  fields: AdoptFields;
  setFields: (fields: AdoptFields) => void;
}) {
  return (
    <>
      {plan !== null && (
        <div className="gap-note" data-testid="adopt-gap">
          <b className="number">about {formatDuration(plan.gap.estimateMs)}</b>
          <p>
            of gap, once, while the entry point takes the place of the container.{' '}
            <span className="quiet">{plan.gap.because}</span>
          </p>
        </div>
      )}
      <dl className="facts">
        {plan !== null && (
          <>
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
          </>
        )}
        <dt>Port</dt>
        <dd>
          <input
            className="field short"
            inputMode="numeric"
            aria-label="Container port"
            data-testid="adopt-port"
            placeholder={plan === null ? '' : String(plan.containerPort)}
            value={fields.port}
            onChange={(event) => setFields({ ...fields, port: event.target.value })}
          />
        </dd>
        <dt>Check path</dt>
        <dd>
          <input
            className="field short"
            aria-label="Path of the HTTP check"
            data-testid="adopt-check-path"
            placeholder="as above"
            value={fields.checkPath}
            onChange={(event) => setFields({ ...fields, checkPath: event.target.value })}
          />
        </dd>
      </dl>
      {asksToShare(fields, plan?.findings ?? []) && (
        <label className="ticked">
          <input
            type="checkbox"
            data-testid="adopt-share-volumes"
            checked={fields.shareVolumes}
            onChange={(event) => setFields({ ...fields, shareVolumes: event.target.checked })}
          />
          <span>
            Two releases may open these volumes at the same time
            <span className="quiet">
              Both then write to them while they run side by side, and flip back returns the program, not what was
              written. Two that open one database or SQLite file damage it.
            </span>
          </span>
        </label>
      )}
      {plan !== null && (
        <>
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
            {(values.shown || plan.override.includes(hiddenMark)) && <ValuesButton {...values} />}
          </details>
        </>
      )}
    </>
  );
}
