/** Files on their way to the upload page: dropped elsewhere, or before signing in. */
type Take = (files: File[]) => void;

let waiting: File[] = [];
let taker: Take | null = null;

export function offer(files: File[]): void {
  if (taker) taker(files);
  else waiting = [...waiting, ...files];
}

/** The upload page takes what waits and what comes; the answer ends that. */
export function receive(take: Take): () => void {
  taker = take;
  const files = waiting;
  waiting = [];
  if (files.length > 0) take(files);
  return () => {
    if (taker === take) taker = null;
  };
}
