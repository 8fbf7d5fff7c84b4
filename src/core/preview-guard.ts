/** What a request to a preview's port says of itself; headers as they came, null where there is none. */
export type PreviewRequest = {
  method: string;
  /** The request's target as it was sent. */
  target: string;
  /** Every Host header: more than one is a trick. */
  hosts: string[];
  origin: string | null;
  /** `Sec-Fetch-Site`, `-Mode`, `-Dest`: where a browser says that the request comes from. */
  site: string | null;
  mode: string | null;
  dest: string | null;
};

/**
 * Why a request may not reach a preview, or null. A preview's port is for what the operator opens there and for its own pages: any
 * other page in the same browser can reach ports of this machine as well, by its number or by a name that it made lead here (DNS
 * rebinding). Programs that are no browser send none of the headers but Host, and are let through (SPEC SE8).
 */
export function refusePreview(request: PreviewRequest, port: number): string | null {
  const [host = '', ...others] = request.hosts.map((each) => each.toLowerCase());
  if (others.length > 0 || (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`))
    return `it was asked for by the name “${host}”, and not by its address http://127.0.0.1:${port}/`;
  if (!request.target.startsWith('/')) return 'its target is no path';
  if (request.origin !== null && request.origin !== `http://${host}`)
    return `a page of ${request.origin === 'null' ? 'another origin' : request.origin} asked for it`;
  const own = request.site === null || request.site === 'same-origin' || request.site === 'none';
  const opened = request.method === 'GET' && request.mode === 'navigate' && (request.dest ?? 'document') === 'document';
  return own || opened ? null : 'a page of another site asked for it';
}
