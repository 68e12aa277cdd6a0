/** How `scripts/build-console.mjs` builds the console. Paths are relative, because the issuer may have a path of its own. */
export default {
  base: './',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
  },
  oxc: { jsx: { runtime: 'automatic' } },
};
