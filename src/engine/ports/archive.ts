/** A text file of a job, by its name in the job's folder. */
export type JobFile = { path: string; text: string };

/** Packs a job for its upload. */
export type Archive = {
  /** A tar of the files and of `manifest`, their SHA-256 sums as `sha256sum -c` reads them. */
  pack(files: JobFile[]): Promise<Uint8Array>;
};
