/** Speed and time left from byte counts: a mean over the last seconds, so that it stays readable. */
export interface Speed {
  bytesPerSecond: number;
  /** Null while too little is known. */
  leftMs: number | null;
}

interface Sample {
  at: number;
  bytes: number;
}

const WINDOW_MS = 8000;
const ENOUGH_MS = 600;

export class SpeedMeter {
  private samples: Sample[] = [];

  /** Forgets the past, for a transfer that starts again. */
  reset(): void {
    this.samples = [];
  }

  add(at: number, bytes: number): void {
    const last = this.samples[this.samples.length - 1];
    // A resumed transfer may begin behind what had been counted; what lies before is no measure.
    if (last && bytes < last.bytes) this.samples = [];
    this.samples.push({ at, bytes });
    while (this.samples.length > 2 && at - (this.samples[1]?.at ?? at) >= WINDOW_MS) {
      this.samples.shift();
    }
  }

  read(totalBytes: number): Speed {
    const first = this.samples[0];
    const last = this.samples[this.samples.length - 1];
    if (!first || !last || last.at - first.at < ENOUGH_MS) {
      return { bytesPerSecond: 0, leftMs: null };
    }
    const bytesPerSecond = ((last.bytes - first.bytes) * 1000) / (last.at - first.at);
    if (bytesPerSecond <= 0) return { bytesPerSecond: 0, leftMs: null };
    return { bytesPerSecond, leftMs: ((totalBytes - last.bytes) / bytesPerSecond) * 1000 };
  }
}
