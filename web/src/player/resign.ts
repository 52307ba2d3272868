/**
 * Puts the newest signature on an address of a private film. A signature is for everything below
 * the film's own path, so one that ends can be replaced while the film plays on.
 */
const SIGNED = ["exp", "sig"];

export function resign(address: string, fresh: string, origin: string): string {
  const url = new URL(address, origin);
  const source = new URL(fresh, origin);
  const folder = source.pathname.slice(0, source.pathname.lastIndexOf("/") + 1);
  const known = SIGNED.every((name) => url.searchParams.has(name) && source.searchParams.has(name));
  if (!known || url.origin !== source.origin || !url.pathname.startsWith(folder)) return address;
  for (const name of SIGNED) url.searchParams.set(name, source.searchParams.get(name) ?? "");
  return url.href;
}
