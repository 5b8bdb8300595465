import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The development server hands API calls to a running Millrace (or MLflow) server.
const server = process.env.MILLRACE_URL ?? "http://127.0.0.1:5000";

export default defineConfig({
  // Relative addresses let the same build work under any path prefix.
  base: "./",
  plugins: [react()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    // The licenses of the bundled libraries require that copies contain their text.
    license: { fileName: "licenses.md" },
  },
  server: {
    proxy: { "/ajax-api": server, "/get-artifact": server, "/version": server },
  },
  preview: {
    proxy: { "/ajax-api": server, "/get-artifact": server, "/version": server },
  },
  test: { include: ["src/**/*.test.{ts,tsx}"] },
});
