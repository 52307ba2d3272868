import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { type Plugin, transformWithEsbuild } from "vite";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Applies the chosen theme before the first paint: a script of its own that blocks, because the
 * content security policy allows none inside the page and modules run only after the page is read.
 */
function earlyTheme(): Plugin {
  const source = here("./src/theme/early.ts");
  let serving = false;
  return {
    name: "early-theme",
    configResolved(config) {
      serving = config.command === "serve";
    },
    async buildStart() {
      if (serving) return;
      const built = await transformWithEsbuild(readFileSync(source, "utf8"), source, {
        minify: true,
      });
      this.emitFile({ type: "asset", name: "theme.js", source: built.code });
    },
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle }) {
        const built = Object.values(bundle ?? {}).find(
          (file) => file.type === "asset" && file.names.includes("theme.js"),
        );
        const attrs = serving
          ? { type: "module", src: "/src/theme/early.ts" }
          : { src: `/${built?.fileName}` };
        return [{ tag: "script", attrs, injectTo: "head-prepend" }];
      },
    },
  };
}

/**
 * Video.js carries its icon font inside its style sheet as a data: address. Served as a file
 * instead, the policy needs no `font-src data:`.
 */
function playerFont(): Plugin {
  const require = createRequire(import.meta.url);
  return {
    name: "player-font",
    enforce: "pre",
    transform(code, id) {
      if (!/video-js\.css$/.test(id)) return null;
      const font = require.resolve("videojs-font/fonts/VideoJS.woff");
      const changed = code.replace(/url\(data:application\/font-woff[^)]*\)/, `url("${font}")`);
      if (changed === code) throw new Error("video-js.css no longer carries its font inside");
      return changed;
    },
  };
}

const server = process.env.MATINEE_URL ?? "http://127.0.0.1:8080";
const proxied = ["/api", "/media", "/progress", "/jobs", "/health", "/.well-known"];

export default defineConfig({
  plugins: [react(), earlyTheme(), playerFont()],
  build: {
    target: "es2022",
    // Everything is a file of its own: an inlined data: address would need a wider policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
    rollupOptions: {
      output: {
        manualChunks: (id) =>
          /node_modules\/(react|react-dom|scheduler|react-router|react-router-dom|@remix-run|@tanstack)\//.test(
            id,
          )
            ? "framework"
            : undefined,
      },
    },
  },
  server: {
    proxy: Object.fromEntries(proxied.map((path) => [path, { target: server }])),
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
