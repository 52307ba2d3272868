/**
 * Writes src/api/generated.ts from the OpenAPI document the server emits.
 *   npm run generate -- PATH         writes the file
 *   npm run generate:check -- PATH   fails if the file differs from what would be written
 * Without a path, openapi.json beside package.json is read.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { generate, type OpenApi } from "./openapi";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = resolve(root, "src/api/generated.ts");

function read(path: string): OpenApi {
  const document = JSON.parse(readFileSync(path, "utf8")) as OpenApi;
  if (!/^3\./.test(document.openapi ?? "")) throw new Error(`${path} is no OpenAPI 3 document`);
  return document;
}

function current(): string {
  try {
    return readFileSync(target, "utf8");
  } catch {
    return "";
  }
}

function main(words: string[]): number {
  const check = words.includes("--check");
  const path = words.find((word) => !word.startsWith("--"));
  const text = generate(read(resolve(path ?? resolve(root, "openapi.json"))));
  if (!check) {
    writeFileSync(target, text);
    return 0;
  }
  if (text === current()) return 0;
  console.error("src/api/generated.ts differs from the document; run `npm run generate`.");
  return 1;
}

process.exitCode = main(process.argv.slice(2));
