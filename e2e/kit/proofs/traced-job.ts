import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Kit } from '../../../src/engine/job-upload.ts';
import { KitServer } from '../server.ts';
import { type FsyncReport, proveFsyncOrder } from './fsync-order.ts';
import { parseTrace } from './trace.ts';

const traced = [
  'openat,creat,write,writev,pwrite64,ftruncate,sendfile,copy_file_range,fsync,fdatasync,sync,syncfs',
  'rename,renameat,renameat2,unlink,unlinkat,symlink,symlinkat,link,linkat,mkdir,mkdirat,execve',
].join(',');

/** Throws, in words, where processes may not be traced. */
function checkStrace(): void {
  try {
    execFileSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'pipe' });
  } catch (caught) {
    throw new Error(
      'strace cannot trace here, so the order of fsyncs cannot be proven. It is in the package strace; ptrace must be permitted (docker run --cap-add SYS_PTRACE).',
      { cause: caught },
    );
  }
}

/** The order of fsyncs of a whole flip, from its upload to its end, and of a release that is written. */
export async function fsyncOrderOf(kit: Kit): Promise<FsyncReport> {
  checkStrace();
  const server = new KitServer({ kit });
  const trace = path.join(server.stub, 'trace');
  try {
    server.launcher = [
      'strace',
      '-f',
      '-y',
      '-qq',
      '-s',
      '4096',
      '-e',
      `trace=${traced}`,
      '-e',
      'signal=none',
      '-o',
      trace,
    ];
    const job = await server.run('f1', server.flipPlan('flip', { watchMinutes: 0 }));
    if (job.state !== 'completed') throw new Error(`the traced flip ended ${job.state}: ${server.output('f1')}`);
    const flip = proveFsyncOrder(parseTrace(readFileSync(trace, 'utf8')), [server.root, server.home]);
    const { code, stderr } = await server.kitLines(writeRelease);
    if (code !== 0) throw new Error(`no release was written: ${stderr}`);
    const release = proveFsyncOrder(parseTrace(readFileSync(trace, 'utf8')), [server.root, server.home]);
    return { durables: [...flip.durables, ...release.durables], findings: [...flip.findings, ...release.findings] };
  } finally {
    server.close();
  }
}

// What Docker says of an image, and a payload as a deploy has it.
const writeRelease = `
image_id() { echo sha256:1; }
image_pin() { echo registry.lan/shop/frontend@sha256:1; }
image_version() { echo 1.1.0; }
echo services: >"$job_dir/release.compose.yaml"
echo services: >"$job_dir/release.public.yaml"
echo '{"image":"@SWITCHYARD_IMAGE@"}' >"$job_dir/release.json"
echo 'echo back' >"$job_dir/rollback.sh"
write_release 0003 green registry.lan/shop/frontend:1.1.0
`;
