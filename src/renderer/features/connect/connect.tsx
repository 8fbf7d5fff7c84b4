import { Laptop, Server } from 'lucide-react';
import { type FormEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import type { AliasView, HostView } from '../../../contract/views.ts';
import type { Failure } from '../../../core/failure.ts';
import { call } from '../../bridge/client.ts';
import { hideConnect, showHost } from '../../bridge/window-state.ts';
import { FailureNote } from '../../ui/controls.tsx';
import { oneLine } from '../../ui/format.ts';
import { matchAliases } from './match-aliases.ts';
import './connect.css';

const thisMachine = 'this machine';

/** First run, and one more server: one field that takes what one types after `ssh`. */
export function ConnectScreen({ hosts }: { hosts: HostView[] }) {
  const [target, setTarget] = useState('');
  const [aliases, setAliases] = useState<AliasView[]>([]);
  const [active, setActive] = useState(-1);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const list = useId();

  useEffect(() => {
    field.current?.focus();
    void call('hosts.aliases', undefined).then((reply) => {
      if (reply.ok) setAliases(reply.value);
    });
  }, []);

  const matches = useMemo(() => matchAliases(aliases, target), [aliases, target]);
  const options = useMemo(() => {
    const local = target === '' || thisMachine.startsWith(target.toLowerCase());
    return [
      ...matches.map((alias) => ({
        key: alias.alias,
        title: alias.alias,
        more: [alias.user, alias.hostName].filter((part) => part !== null).join('@'),
        local: false,
      })),
      ...(local ? [{ key: thisMachine, title: 'This machine', more: 'the Docker engine here', local: true }] : []),
    ];
  }, [matches, target]);

  const connect = async (wanted: string) => {
    const typed = wanted.trim();
    if (typed === '' || busy) return;
    const known = hosts.find((host) => host.target === typed);
    if (known !== undefined) {
      showHost(known.id);
      return;
    }
    setBusy(true);
    setFailure(null);
    const reply = await call('hosts.add', { target: typed });
    setBusy(false);
    if (!reply.ok) setFailure(reply.failure);
    else showHost(reply.value.id);
  };

  const submit = (event: FormEvent) => {
    event.preventDefault();
    void connect(options[active]?.key ?? target);
  };

  return (
    <main className="connect">
      <div className="connect-column">
        <h1>Connect a server</h1>
        <p className="connect-lead">
          Type what you would type after ssh. Nothing is installed on the server to look at it.
        </p>
        <form className="connect-form" onSubmit={submit}>
          <input
            ref={field}
            className="field"
            data-testid="connect-target"
            aria-label="Server"
            aria-controls={list}
            aria-activedescendant={active >= 0 ? `${list}-${active}` : undefined}
            role="combobox"
            aria-expanded
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            placeholder="home, user@host or user@host:port"
            value={target}
            onChange={(event) => {
              setTarget(event.target.value);
              setActive(-1);
            }}
            onKeyDown={(event) => {
              if (event.key === 'ArrowDown') setActive((index) => Math.min(options.length - 1, index + 1));
              else if (event.key === 'ArrowUp') setActive((index) => Math.max(-1, index - 1));
              else if (event.key === 'Escape' && hosts.length > 0) hideConnect();
              else return;
              event.preventDefault();
            }}
          />
          <button
            type="submit"
            className="button primary"
            data-testid="connect-submit"
            disabled={busy || (target.trim() === '' && active < 0)}
          >
            {busy ? 'Connecting' : 'Connect'}
          </button>
        </form>
        {failure !== null && <FailureNote failure={failure} />}
        {options.length > 0 && (
          <div className="connect-options">
            <h2 className="block-title">{aliases.length > 0 ? 'From ~/.ssh/config' : 'Or'}</h2>
            <div role="listbox" id={list} aria-label="Known servers">
              {options.map((option, index) => (
                <button
                  key={option.key}
                  id={`${list}-${index}`}
                  type="button"
                  role="option"
                  tabIndex={-1}
                  aria-selected={index === active}
                  className="connect-option"
                  data-testid={option.local ? 'connect-local' : `alias-${option.key}`}
                  onMouseMove={() => setActive(index)}
                  onClick={() => void connect(option.key)}
                >
                  {option.local ? <Laptop size={16} aria-hidden /> : <Server size={16} aria-hidden />}
                  <b className="clip">{oneLine(option.title)}</b>
                  <span className="quiet clip">{oneLine(option.more)}</span>
                </button>
              ))}
            </div>
          </div>
        )}
        {hosts.length > 0 && (
          <button type="button" className="button plain" onClick={hideConnect}>
            Back to the map
          </button>
        )}
      </div>
    </main>
  );
}
