import { defineConfig } from 'vite';

/** The library: one file per entry of `exports`, shared parts between them, nothing minified; types by `tsc`. */
export default defineConfig({
  publicDir: false,
  build: {
    target: 'es2022',
    outDir: 'lib',
    minify: false,
    lib: {
      entry: {
        index: 'src/index.ts',
        store: 'src/store/index.ts',
        redux: 'src/redux/index.ts',
        react: 'src/react/index.ts',
        testing: 'testing/index.ts',
      },
      formats: ['es'],
    },
    rollupOptions: {
      external: [/^@reduxjs\/toolkit/, /^react(\/|$)/],
      // Constants stay constants, so that a page's own build can put their values where they are used.
      output: { chunkFileNames: 'shared/[name].js', topLevelVar: false },
    },
  },
});
