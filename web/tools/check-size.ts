/**
 * Weighs what a first visit to the home page loads, compressed as the server sends it, and fails
 * when the code outgrows its budget. Fonts are compressed in themselves and counted apart.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 120_000;
const dist = fileURLToPath(new URL("../dist", import.meta.url));

function weight(path: string): number {
  return gzipSync(readFileSync(resolve(dist, path)), { level: 9 }).length;
}

function main(): number {
  if (!existsSync(resolve(dist, "index.html"))) {
    console.error("dist/ is not there; run `npm run build`.");
    return 1;
  }
  const html = readFileSync(resolve(dist, "index.html"), "utf8");
  const named = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(
    (match) => match[1] ?? "",
  );
  const code = ["index.html", ...named.filter((name) => !/\.woff2?$/.test(name))];
  const fonts = named.filter((name) => /\.woff2?$/.test(name));
  const codeBytes = code.reduce((sum, name) => sum + weight(name), 0);
  const fontBytes = fonts.reduce((sum, name) => sum + readFileSync(resolve(dist, name)).length, 0);
  const files = readdirSync(resolve(dist, "assets")).length;
  process.stdout.write(
    `home: ${codeBytes} bytes of code (budget ${BUDGET_BYTES}), ${fontBytes} of fonts; ${files} assets in all\n`,
  );
  if (codeBytes <= BUDGET_BYTES) return 0;
  console.error("The home page outgrew its budget: load something later, or not at all.");
  return 1;
}

process.exitCode = main();
