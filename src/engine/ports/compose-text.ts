import type { Result } from '../../core/result.ts';
import type { OutlinedService } from '../../core/stack-files.ts';

/** Edits of compose files that keep every other byte: comments, order, quotes. Failures are `compose-broken` or `input-invalid`. */
export type ComposeText = {
  /** Names of the services that a file sets. */
  services(text: string): Result<string[]>;
  /** What a file says of each of its services, as written; what is not a text or a list of texts is left out. */
  outline(text: string): Result<OutlinedService[]>;
  /** The value of a service's `image:` as written (not interpolated), or null. */
  image(text: string, service: string): Result<string | null>;
  setImage(text: string, service: string, image: string): Result<string>;
  /** An override with one service's block (lines indented under `services:`) added; `text` null starts a new file. */
  addBlock(text: string | null, service: string, block: string): Result<string>;
  /** The text with a mark in place of each value of an environment or of build arguments; every other byte stays. */
  hideValues(text: string): string;
  /** The override without that block; null when nothing of the operator's is left in it. */
  removeBlock(text: string, service: string): Result<string | null>;
  /** A whole file as plain data, whatever stands in it: nothing is looked up, included or interpolated. */
  parse(text: string): Result<unknown>;
};
