import { Check, CircleAlert, Copy, Info, TriangleAlert } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { remedies } from '../../contract/remedies.ts';
import type { FindingView } from '../../contract/views.ts';
import type { Failure } from '../../core/failure.ts';
import { useHalfMinutes } from './clock.ts';
import { formatAbsolute, formatAge } from './format.ts';

/** `6 d ago`, the absolute on hover. */
export function Ago({ atMs, bare = false }: { atMs: number; bare?: boolean }) {
  const now = useHalfMinutes();
  const age = formatAge(Math.max(0, Date.now() - atMs, now - atMs));
  return <time title={formatAbsolute(atMs)}>{bare ? age : age === 'now' ? 'a moment ago' : `${age} ago`}</time>;
}

/** Copies a text, by the older way where the newer one is not allowed. Says whether it did. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    (document.querySelector('dialog[open]') ?? document.body).append(field);
    field.select();
    const copied = document.execCommand('copy');
    field.remove();
    return copied;
  }
}

export function CopyButton({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <button
      type="button"
      className="button plain small icon"
      aria-label={copied ? 'Copied' : 'Copy'}
      title={copied ? 'Copied' : 'Copy'}
      onClick={() => void copy(text).then(setCopied)}
      onBlur={() => setCopied(false)}
    >
      {copied ? <Check size={14} /> : <Copy size={14} />}
    </button>
  );
}

export function Command({ text }: { text: string }) {
  return (
    <div className="command">
      <code>{text}</code>
      <CopyButton text={text} />
    </div>
  );
}

const noteIcons = { note: Info, warning: TriangleAlert, stop: CircleAlert } as const;

export function Note({
  level,
  title,
  children,
  testid,
}: {
  level: FindingView['level'];
  title: ReactNode;
  children?: ReactNode;
  testid?: string;
}) {
  const Icon = noteIcons[level];
  return (
    <div className={`note ${level}`} role={level === 'stop' ? 'alert' : undefined} data-testid={testid}>
      <Icon size={16} aria-hidden />
      <div className="note-body">
        <h3>{title}</h3>
        {children}
      </div>
    </div>
  );
}

/** A failure told whole: what happened, the telling line, what runs now, what to do. Where nothing was begun it is a warning. */
export function FailureNote({
  failure,
  lead,
  level = 'stop',
  children,
}: {
  failure: Failure;
  lead?: string;
  level?: 'stop' | 'warning';
  children?: ReactNode;
}) {
  const remedy = remedies[failure.code];
  return (
    <Note level={level} title={lead ?? failure.message}>
      {lead !== undefined && <p>{failure.message}</p>}
      {failure.detail !== null && <pre className="file telling">{failure.detail}</pre>}
      {failure.running !== null && <p>{failure.running}</p>}
      <p className="quiet">{remedy.advice}</p>
      {remedy.command !== null && <Command text={remedy.command} />}
      {children !== undefined && <div className="note-actions">{children}</div>}
    </Note>
  );
}

export function Findings({ findings }: { findings: FindingView[] }) {
  if (findings.length === 0) return null;
  return (
    <div className="stacked">
      {findings.map((finding) => (
        <Note key={`${finding.level} ${finding.title} ${finding.text}`} level={finding.level} title={finding.title}>
          <p>{finding.text}</p>
        </Note>
      ))}
    </div>
  );
}

export function Bar({ done, total, label }: { done: number; total: number; label: string }) {
  const part = total <= 0 ? 0 : Math.min(1, done / total);
  return (
    <div
      className="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={done}
    >
      <i style={{ width: `${part * 100}%` }} />
    </div>
  );
}

/** A dialog of the platform, open for as long as it is mounted. */
export function Dialog({
  className,
  label,
  testid,
  onClose,
  children,
}: {
  className: string;
  label: string;
  testid: string;
  onClose: () => void;
  children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className={className}
      aria-label={label}
      data-testid={testid}
      onClose={onClose}
      onMouseDown={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      {children}
    </dialog>
  );
}
