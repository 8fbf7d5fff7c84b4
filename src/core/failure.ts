/** Every way a thing can go wrong that an operator should expect. Closed: advice is looked up by code. */
export const failureCodes = [
  // reaching the host
  'target-invalid',
  'name-unknown',
  'port-closed',
  'host-unreachable',
  'no-answer',
  'host-key-unknown',
  'host-key-changed',
  'host-key-revoked',
  'login-refused',
  'key-unreadable',
  'passphrase-wrong',
  'link-lost',
  'cancelled',
  // what the host offers
  'docker-missing',
  'docker-stopped',
  'docker-forbidden',
  'compose-missing',
  'compose-old',
  'shell-missing',
  // the stack's files
  'compose-broken',
  'compose-unreadable',
  'compose-changed',
  'folder-read-only',
  'link-unsafe',
  'disk-full',
  'home-unusable',
  'ground-unsafe',
  'client-older',
  // images
  'image-missing',
  'registry-unreachable',
  'registry-forbidden',
  // the verbs
  'service-unknown',
  'service-not-running',
  'not-adoptable',
  'already-adopted',
  'not-adopted',
  'no-free-slot',
  'nothing-to-do',
  'broke-before',
  'lock-held',
  'not-ready',
  'previous-not-ready',
  'put-back',
  'went-back',
  'not-confirmed',
  'exited-at-start',
  'entry-failed',
  'not-mendable',
  'release-unknown',
  'job-unknown',
  'job-died',
  'indeterminate',
  'input-invalid',
  'bug',
] as const;

export type FailureCode = (typeof failureCodes)[number];

/**
 * Something that went wrong, told whole: `message` says what happened, to which service on which host;
 * `running` says what runs now; `detail` is the first telling line of output, untrusted text.
 * `transient` means the same call may work later without anything being changed.
 */
export type Failure = {
  code: FailureCode;
  message: string;
  running: string | null;
  detail: string | null;
  transient: boolean;
};

export function failure(
  code: FailureCode,
  message: string,
  more: { running?: string | null; detail?: string | null; transient?: boolean } = {},
): Failure {
  return {
    code,
    message,
    running: more.running ?? null,
    detail: more.detail ?? null,
    transient: more.transient ?? false,
  };
}

/** For code that must throw (an adapter's effect, a promise a library awaits): one class, the same closed codes. */
export class FailureError extends Error {
  readonly failure: Failure;

  constructor(value: Failure, options?: ErrorOptions) {
    super(value.message, options);
    this.name = 'FailureError';
    this.failure = value;
  }
}

/** The failure inside anything caught. What is no FailureError is a bug, and says so with its text. */
export function failureOf(caught: unknown): Failure {
  if (caught instanceof FailureError) return caught.failure;
  const text = caught instanceof Error ? caught.message : String(caught);
  return failure('bug', `Switchyard itself failed: ${text}`, {
    detail: caught instanceof Error ? (caught.stack ?? null) : null,
  });
}
