import { Check, Circle, CircleAlert, CircleDot } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { remedies } from '../../../contract/remedies.ts';
import type { HostView, QuestionView, RungName, RungView } from '../../../contract/views.ts';
import type { Failure } from '../../../core/failure.ts';
import { withoutUnseen } from '../../../core/plain-text.ts';
import { call } from '../../bridge/client.ts';
import { Command, CopyButton, FailureNote } from '../../ui/controls.tsx';
import { oneLine } from '../../ui/format.ts';
import './connect.css';

const rungWords: Record<RungName, string> = {
  name: 'Name',
  reachable: 'Reachable',
  'host-key': 'Host key',
  login: 'Login',
  docker: 'Docker',
  compose: 'Compose',
  rights: 'Rights',
};

const icons = { waiting: Circle, running: CircleDot, passed: Check, failed: CircleAlert };
const stateWords = { waiting: 'not yet', running: 'trying', passed: 'passed', failed: 'failed' };

/** Connecting, rung by rung; what it has to ask; and what to do where it stops. */
export function LadderScreen({ host }: { host: HostView }) {
  const connection = host.connection;
  const says = connection.kind === 'asking' || connection.kind === 'failed';
  const retry = () => void call('hosts.connect', { host: host.id });
  return (
    <main className="connect">
      <div className="connect-column" data-split={says || undefined}>
        <h1 className="clip">{oneLine(host.target)}</h1>
        <p className="connect-lead">
          {connection.kind === 'idle' && 'Not connected.'}
          {connection.kind === 'connecting' && 'Connecting.'}
          {connection.kind === 'asking' && 'Waiting for your answer.'}
          {connection.kind === 'failed' && 'Could not connect.'}
          {connection.kind === 'away' && 'The host does not answer.'}
          {connection.kind === 'connected' && 'Connected. Reading the map.'}
        </p>
        {'ladder' in connection && (
          <ol className="ladder" data-testid="ladder">
            {connection.ladder.map((rung) => (
              <Rung key={rung.name} rung={rung} />
            ))}
          </ol>
        )}
        <div className="connect-side">
          {connection.kind === 'asking' && (
            <Question key={connection.question.id} host={host.id} question={connection.question} />
          )}
          {(connection.kind === 'failed' || connection.kind === 'away') && (
            <ConnectFailure failure={connection.failure} />
          )}
          <div className="connect-buttons">
            {((connection.kind === 'failed' && !isFinal(connection.failure)) ||
              connection.kind === 'away' ||
              connection.kind === 'idle') && (
              <button type="button" className="button primary" data-testid="connect-retry" onClick={retry}>
                {connection.kind === 'idle' ? 'Connect' : 'Try again'}
              </button>
            )}
            {(connection.kind === 'connecting' || connection.kind === 'asking') && (
              <button
                type="button"
                className="button"
                data-testid="connect-cancel"
                onClick={() => void call('hosts.disconnect', { host: host.id })}
              >
                Cancel
              </button>
            )}
            <button
              type="button"
              className="button plain"
              data-testid="host-remove"
              onClick={() => void call('hosts.remove', { host: host.id })}
            >
              Remove from the list
            </button>
          </div>
        </div>
      </div>
    </main>
  );
}

/** A key that changed or was revoked has no way on from here: only the operator's own hands. */
const isFinal = (failure: Failure): boolean =>
  failure.code === 'host-key-changed' || failure.code === 'host-key-revoked';

function ConnectFailure({ failure }: { failure: Failure }) {
  return (
    <div data-testid="connect-failure" data-code={failure.code}>
      <FailureNote failure={failure} />
    </div>
  );
}

function Rung({ rung }: { rung: RungView }) {
  const Icon = icons[rung.state];
  return (
    <li className="rung" data-testid={`rung-${rung.name}`} data-state={rung.state}>
      <Icon size={15} aria-label={stateWords[rung.state]} />
      <b>{rungWords[rung.name]}</b>
      <span className="clip" title={rung.detail ?? undefined}>
        {rung.detail === null ? (rung.state === 'running' ? 'trying' : '') : oneLine(rung.detail)}
      </span>
    </li>
  );
}

export function Question({ host, question }: { host: string; question: QuestionView }) {
  const [sent, setSent] = useState(false);
  const answer = (answers: string[] | null) => {
    setSent(true);
    void call('hosts.answer', { host, question: question.id, answers }).then((reply) => {
      if (!reply.ok) setSent(false);
    });
  };
  return (
    <section className="question" data-testid="question" data-kind={question.kind}>
      {question.kind === 'host-key' ? (
        <HostKey question={question} sent={sent} answer={answer} />
      ) : (
        <Secrets question={question} sent={sent} answer={answer} />
      )}
    </section>
  );
}

type Answering = { sent: boolean; answer: (answers: string[] | null) => void };

function HostKey({ question, sent, answer }: { question: Extract<QuestionView, { kind: 'host-key' }> } & Answering) {
  const command = remedies['host-key-unknown'].command;
  return (
    <>
      <h2>This server is new to this machine</h2>
      <p>
        <b>{oneLine(question.host)}</b> shows a key of kind {oneLine(question.algorithm)} that is not in known_hosts.
        Accept it if the server prints the same fingerprint.
      </p>
      <div className="fingerprint">
        <code data-testid="fingerprint">{question.sha256}</code>
        <CopyButton text={question.sha256} />
      </div>
      {command !== null && (
        <>
          <p className="quiet">On the server, this prints its fingerprints:</p>
          <Command text={command} />
        </>
      )}
      <div className="connect-buttons">
        <button
          type="button"
          className="button primary"
          data-testid="question-accept"
          disabled={sent}
          onClick={() => answer(['accept'])}
        >
          Accept and connect
        </button>
        <button
          type="button"
          className="button"
          data-testid="question-decline"
          disabled={sent}
          onClick={() => answer(null)}
        >
          Decline
        </button>
      </div>
    </>
  );
}

function Secrets({ question, sent, answer }: { question: Exclude<QuestionView, { kind: 'host-key' }> } & Answering) {
  const asked = promptsOf(question);
  const [values, setValues] = useState<string[]>(() => asked.prompts.map(() => ''));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    answer(values);
  };
  return (
    <form onSubmit={submit}>
      <h2>{asked.title}</h2>
      {asked.quoted !== '' && (
        <blockquote className="said" data-testid="question-said">
          {asked.quoted}
        </blockquote>
      )}
      {asked.again && <p className="question-again">That was not right. Please try again.</p>}
      {asked.prompts.map((prompt, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: prompts are answered by their place.
        <label key={index}>
          {asked.isServers ? <q className="said">{oneLine(prompt.text)}</q> : <span>{oneLine(prompt.text)}</span>}
          <input
            className="field"
            type={prompt.echo ? 'text' : 'password'}
            data-testid={`question-answer-${index}`}
            // biome-ignore lint/a11y/noAutofocus: the question is what the window waits for.
            autoFocus={index === 0}
            autoComplete="off"
            value={values[index] ?? ''}
            onChange={(event) => setValues(values.with(index, event.target.value))}
          />
        </label>
      ))}
      {asked.isServers ? (
        <p className="quiet">
          The quoted words are the server’s. What you type is sent to it: never the passphrase of a key, which no server
          needs.
        </p>
      ) : (
        <p className="quiet">Used for this connection only. It is not stored.</p>
      )}
      <div className="connect-buttons">
        <button type="submit" className="button primary" data-testid="question-accept" disabled={sent}>
          Continue
        </button>
        <button
          type="button"
          className="button"
          data-testid="question-decline"
          disabled={sent}
          onClick={() => answer(null)}
        >
          Give up
        </button>
      </div>
    </form>
  );
}

function promptsOf(question: Exclude<QuestionView, { kind: 'host-key' }>): {
  /** Our own words. */
  title: string;
  /** What the server says, of several lines. */
  quoted: string;
  isServers: boolean;
  again: boolean;
  prompts: { text: string; echo: boolean }[];
} {
  switch (question.kind) {
    case 'passphrase':
      return {
        title: 'The key needs its passphrase',
        quoted: '',
        isServers: false,
        again: question.again,
        prompts: [{ text: `Passphrase of ${question.keyPath}`, echo: false }],
      };
    case 'password':
      return {
        title: 'The server asks for a password',
        quoted: '',
        isServers: false,
        again: question.again,
        prompts: [{ text: `Password of ${question.user} on ${question.host}`, echo: false }],
      };
    case 'keyboard-interactive':
      return {
        title: `${oneLine(question.host)} asks:`,
        quoted: withoutUnseen(question.title),
        isServers: true,
        again: false,
        prompts: question.prompts,
      };
  }
}
