/** The style sheet of the demo client: light and dark, and down to the width of a phone. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f4f4f1; --card: #ffffff; --ink: #1d1f20; --muted: #5a6063; --line: #d9dad5; --accent: #0b6b57; --on-accent: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16191a; --card: #1f2325; --ink: #e9ebea; --muted: #a3abae; --line: #3a4043; --accent: #5fcfb3; --on-accent: #06231c;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
header, main { max-width: 46rem; margin: 0 auto 2rem; padding: 0 1.25rem; }
header { margin-bottom: 0; }
header p { margin: 1.5rem 0 0.75rem; color: var(--muted); font-weight: 600; }
main { background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; padding: 1.5rem; }
h1 { margin: 0 0 1rem; font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 0.5rem; font-size: 1.05rem; }
a { color: var(--accent); }
.muted { color: var(--muted); }
.actions { display: flex; flex-wrap: wrap; gap: 0.6rem; margin: 1.25rem 0; }
.button {
  display: inline-block; min-height: 2.75rem; padding: 0.55rem 1rem; border: 1px solid var(--line); border-radius: 0.5rem;
  background: transparent; color: inherit; font: inherit; text-decoration: none; cursor: pointer;
}
.button:hover { border-color: var(--ink); }
.primary { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
th, td { padding: 0.4rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: baseline; overflow-wrap: anywhere; }
th { width: 9rem; padding-right: 1rem; color: var(--muted); font-weight: 500; }
td, pre, .code { font-family: ui-monospace, monospace; font-size: 0.9rem; }
pre { padding: 1rem; border: 1px solid var(--line); border-radius: 0.5rem; overflow: auto; }
.code { overflow-wrap: anywhere; }
@media (max-width: 34rem) {
  main { border-width: 1px 0; border-radius: 0; }
  th { width: 6.5rem; }
  .actions, .actions form { flex-direction: column; }
  .actions .button { width: 100%; text-align: center; }
}
`;
