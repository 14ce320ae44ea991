import { defineConfig } from 'vitest/config';

/** The edge serves `dist/` at `/`; in development `ANABRANCH_WEB_EDGE` names an edge that vite passes calls on to. */
const edge = process.env.ANABRANCH_WEB_EDGE ?? 'http://127.0.0.1:8000';

export default defineConfig({
  build: {
    target: 'es2022',
    sourcemap: false,
    // The page's policy is default-src 'self': nothing may become a data: address or an inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': edge, '/ws': { target: edge, ws: true } } },
  test: { include: ['test/**/*.test.ts'], environment: 'node' },
});
