/**
 * What is remembered of uploads that have begun, so that choosing the same file again (after a
 * reload, a crash, a week) goes on where it stopped. Kept in localStorage, without any secret.
 */
export interface UploadRecord {
  /** Who, and which file: the same file gives the same key. */
  key: string;
  userId: string;
  uploadUrl: string;
  videoId: string | null;
  filename: string;
  sizeBytes: number;
  sentBytes: number;
  title: string;
  startedAt: number;
}

export interface FileFacts {
  name: string;
  size: number;
  lastModified: number;
}

const STORAGE_KEY = "matinee.uploads";
const LONGEST_MS = 14 * 24 * 3600 * 1000;

export function recordKey(userId: string, file: FileFacts): string {
  return [userId, file.name, file.size, file.lastModified].join("|");
}

function isRecord(value: unknown): value is UploadRecord {
  const record = value as Partial<UploadRecord> | null;
  return typeof record?.key === "string" && typeof record.uploadUrl === "string";
}

export class UploadRecords {
  constructor(
    private readonly storage: Pick<Storage, "getItem" | "setItem">,
    private readonly now: () => number = Date.now,
  ) {}

  all(userId: string): UploadRecord[] {
    return this.read().filter((record) => record.userId === userId);
  }

  find(key: string): UploadRecord | undefined {
    return this.read().find((record) => record.key === key);
  }

  put(record: UploadRecord): void {
    this.write([...this.read().filter((other) => other.key !== record.key), record]);
  }

  remove(key: string): void {
    this.write(this.read().filter((record) => record.key !== key));
  }

  private read(): UploadRecord[] {
    try {
      const value: unknown = JSON.parse(this.storage.getItem(STORAGE_KEY) ?? "[]");
      if (!Array.isArray(value)) return [];
      const oldest = this.now() - LONGEST_MS;
      return value.filter(isRecord).filter((record) => record.startedAt > oldest);
    } catch {
      return [];
    }
  }

  private write(records: UploadRecord[]): void {
    try {
      this.storage.setItem(STORAGE_KEY, JSON.stringify(records));
    } catch {
      // Without storage an upload still survives a dropped connection, only not a reload.
    }
  }
}
