import { createHash } from 'node:crypto';
import tar from 'tar-stream';
import type { Archive, JobFile } from '../../engine/ports/archive.ts';

export const tarArchive: Archive = {
  async pack(files: JobFile[]): Promise<Uint8Array> {
    const pack = tar.pack();
    const manifest = files
      .map((file) => `${createHash('sha256').update(file.text).digest('hex')}  ${file.path}\n`)
      .join('');
    for (const file of [...files, { path: 'manifest', text: manifest }]) {
      // No owner and no time: the same job is the same bytes.
      pack.entry({ name: file.path, mode: 0o600, mtime: new Date(0), uid: 0, gid: 0 }, file.text);
    }
    pack.finalize();
    const chunks: Uint8Array[] = [];
    for await (const chunk of pack) chunks.push(chunk as Uint8Array);
    return Buffer.concat(chunks);
  },
};
