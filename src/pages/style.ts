/**
 * The style sheet of all pages. It is inlined in each page, because pages load nothing, and the page's policy allows it by its
 * hash. Classes are shared by all pages unless their names say otherwise.
 */
import { brandColours, type Backgrounds, type Colour } from './colour.js';

interface Palette extends Backgrounds {
  readonly text: Colour;
  readonly muted: Colour;
  readonly line: Colour;
  /** The edge of a field, with a contrast of 3:1. */
  readonly edge: Colour;
  readonly danger: Colour;
  readonly dangerSurface: Colour;
  readonly dangerLine: Colour;
  readonly notice: Colour;
  readonly noticeSurface: Colour;
  readonly noticeLine: Colour;
  readonly done: Colour;
  readonly doneSurface: Colour;
  readonly doneLine: Colour;
}

export const light: Palette = {
  page: '#f3f4f7',
  surface: '#ffffff',
  text: '#171a21',
  muted: '#565e6c',
  line: '#e0e3e9',
  edge: '#7b8494',
  quiet: '#f6f7f9',
  danger: '#a8201a',
  dangerSurface: '#fdf1f0',
  dangerLine: '#f0c6c3',
  notice: '#6b4700',
  noticeSurface: '#fff8e8',
  noticeLine: '#ecd9a8',
  done: '#17603a',
  doneSurface: '#eef8f2',
  doneLine: '#bfe0cd',
};

export const dark: Palette = {
  page: '#0e1116',
  surface: '#171b22',
  text: '#eceef2',
  muted: '#a5adba',
  line: '#2a303a',
  edge: '#727c8c',
  quiet: '#1d222b',
  danger: '#ffa69e',
  dangerSurface: '#2c1719',
  dangerLine: '#5b2a2d',
  notice: '#f3d58a',
  noticeSurface: '#29220f',
  noticeLine: '#55471d',
  done: '#8fdcb0',
  doneSurface: '#11261b',
  doneLine: '#24523a',
};

const LATIN = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Helvetica Neue', Arial";
const HAN = "'PingFang TC', 'Noto Sans TC', 'Noto Sans CJK TC', 'Source Han Sans TC', 'Microsoft JhengHei'";

/** @param brandColour `#rrggbb`, the only setting in the style sheet */
export function styleOf(brandColour: Colour): string {
  return [
    ':root{color-scheme:light dark}',
    `:root{${variablesOf(light, brandColour)}}`,
    `@media(prefers-color-scheme:dark){:root{${variablesOf(dark, brandColour)}}}`,
    compact(SHEET),
  ].join('\n');
}

function variablesOf(palette: Palette, brandColour: Colour): string {
  const colours: Record<string, Colour> = { ...palette, ...brandColours(brandColour, palette) };
  return Object.entries(colours)
    .map(([name, colour]) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}:${colour}`)
    .join(';');
}

const compact = (css: string): string =>
  css
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/\s*\n\s*/g, '\n')
    .trim();

const SHEET = `
*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; padding: clamp(2rem, 9vh, 6rem) 1.25rem 4rem;
  display: flex; flex-direction: column; align-items: center;
  background: var(--page); color: var(--text);
  font: 1rem/1.55 ${LATIN}, ${HAN}, sans-serif; text-autospace: normal;
}
html:lang(zh-Hant) body { line-height: 1.7; }
html:lang(zh-Hant) h1 { word-break: keep-all; }
h1, h2, h3, p, ul, dl, dd, form, fieldset { margin: 0; padding: 0; border: 0; }
ul { list-style: none; }
h1 { font-size: 1.5rem; line-height: 1.3; font-weight: 650; letter-spacing: -.012em; text-wrap: balance; }
h2 { font-size: 1.125rem; line-height: 1.4; font-weight: 650; }
h3 { font-size: 1rem; line-height: 1.45; font-weight: 600; }
:lang(zh-Hant) :is(h1, h2, h3) { font-weight: 700; letter-spacing: 0; }
h1, h2, h3, p, dd, li, code { overflow-wrap: anywhere; }
p { text-wrap: pretty; }
code { font: .9em/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
a { color: var(--accent); text-underline-offset: .18em; text-decoration-thickness: .07em; }
a:hover { text-decoration-thickness: .14em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.muted { color: var(--muted); }
.small { font-size: .875rem; }
.name { color: var(--text); font-weight: 600; }

.brand { display: flex; align-items: center; justify-content: center; gap: .625rem; min-height: 2.5rem; margin-bottom: 1.75rem; max-width: 100%; }
.brand-name { font-weight: 650; font-size: 1.0625rem; overflow-wrap: anywhere; }
.brand-mark {
  flex: none; width: 2rem; height: 2rem; border-radius: .5625rem; display: grid; place-items: center;
  background: var(--brand); color: var(--on-brand); border: 1px solid var(--brand-edge); font-weight: 700; line-height: 1;
}
.brand-logo { display: block; height: 2.5rem; width: auto; max-width: 15rem; object-fit: contain; }

main { width: 100%; max-width: 27rem; }
.wide { padding-top: 2.5rem; }
.wide main { max-width: 47rem; }
.card {
  background: var(--surface); border: 1px solid var(--line); border-radius: 1rem; padding: 2.25rem;
  box-shadow: 0 1px 2px rgb(16 24 40 / 4%), 0 12px 32px -12px rgb(16 24 40 / 12%);
}
.stack > * + * { margin-top: 1.5rem; }
.stack-tight > * + * { margin-top: .375rem; }

.fields > * + * { margin-top: 1.25rem; }
.fields p.small { margin-top: .375rem; }
.choice { display: grid; grid-template-columns: auto 1fr; gap: 0 .75rem; align-items: center; }
.choice input { width: 1.5rem; height: 1.5rem; margin: 0; accent-color: var(--brand); }
.choice label { margin: 0; padding: .625rem 0; }
.choice p { grid-column: 2; }
.fields .choice p { margin-top: -.25rem; }
label { display: block; margin-bottom: .375rem; font-weight: 600; font-size: .9375rem; }
input:not([type=hidden], [type=checkbox]) {
  display: block; width: 100%; min-height: 3rem; padding: .5rem .875rem; font: inherit;
  color: inherit; background: var(--surface); border: 1px solid var(--edge); border-radius: .625rem;
}
input[aria-invalid=true] { border-color: var(--danger); border-width: 2px; }
input:focus-visible, input[aria-invalid=true]:focus-visible { outline-offset: -1px; border-color: var(--accent); }

.button {
  display: inline-flex; align-items: center; justify-content: center; min-height: 3rem; padding: .5rem 1.25rem;
  font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer; overflow-wrap: anywhere;
  color: var(--text); background: var(--surface); border: 1px solid var(--edge); border-radius: .625rem;
}
.button:hover { background: var(--quiet); }
.button-primary { color: var(--on-brand); background: var(--brand); border-color: var(--brand-edge); }
.button-primary:hover { background: var(--brand-hover); }
.button-danger { color: var(--danger); }
.button-danger:hover { background: var(--danger-surface); }
.button-block { width: 100%; }
.button-small { min-height: 2.75rem; padding: .375rem 1rem; font-size: .9375rem; }
.choices { display: grid; gap: .75rem; grid-template-columns: 1fr 1fr; }

.aside { display: flex; flex-wrap: wrap; justify-content: center; gap: 0 1.5rem; font-size: .9375rem; }
.aside a { display: inline-flex; align-items: center; min-height: 2.75rem; }

.or { display: flex; align-items: center; gap: .875rem; color: var(--muted); font-size: .875rem; }
.or::before, .or::after { content: ''; flex: 1; border-top: 1px solid var(--line); }

.note { padding: .875rem 1rem; border: 1px solid; border-radius: .625rem; font-size: .9375rem; }
.note-danger { color: var(--danger); background: var(--danger-surface); border-color: var(--danger-line); }
.note-notice { color: var(--notice); background: var(--notice-surface); border-color: var(--notice-line); }
.note-done { color: var(--done); background: var(--done-surface); border-color: var(--done-line); }
.note strong { display: block; }

.person { display: flex; align-items: center; justify-content: space-between; flex-wrap: wrap; gap: .25rem 1rem; min-height: 3.5rem; padding: .375rem 1rem; background: var(--quiet); border: 1px solid var(--line); border-radius: .75rem; }
.person > * { min-width: 0; overflow-wrap: anywhere; }
.person > span { padding: .375rem 0; }
.person a { display: inline-flex; align-items: center; min-height: 2.75rem; font-size: .9375rem; }

.asked { margin-top: .875rem; }
.asked li { display: flex; gap: .75rem; padding: .625rem 0; }
.asked li + li { border-top: 1px solid var(--line); }
.asked svg { flex: none; width: 1.25rem; height: 1.25rem; margin-top: .15rem; color: var(--accent); }
.asked-before svg { color: var(--muted); }
.asked p + p { color: var(--muted); font-size: .9375rem; }

.reference { padding-top: 1.25rem; border-top: 1px solid var(--line); color: var(--muted); font-size: .875rem; }
.reference code { display: block; color: var(--text); overflow-wrap: anywhere; }

.links { padding-top: 1.5rem; border-top: 1px solid var(--line); }
.links li { margin-top: 1rem; }
.links p { color: var(--muted); font-size: .9375rem; }
.links a { display: inline-block; min-height: 1.5rem; }

.account > * + * { margin-top: 1.5rem; }
.account-head { display: flex; align-items: center; justify-content: space-between; flex-wrap: wrap; gap: 1rem; margin-bottom: .5rem; }
.account-head > div { min-width: 0; }
.entries { margin-top: 1.25rem; }
.entries > li { display: flex; justify-content: space-between; align-items: flex-start; gap: 1rem; padding: 1.25rem 0; border-top: 1px solid var(--line); }
.entries > li:last-child { padding-bottom: 0; }
.entries > li > div { min-width: 0; flex: 1; }
.facts { display: grid; grid-template-columns: minmax(4.5rem, auto) 1fr; gap: .125rem 1rem; margin-top: .5rem; font-size: .9375rem; }
.facts dt { color: var(--muted); }
.entries-none { margin-top: 1.25rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
.tag { display: inline-block; margin-left: .5rem; padding: .0625rem .5rem; border: 1px solid var(--done-line); border-radius: 1rem; background: var(--done-surface); color: var(--done); font-size: .8125rem; font-weight: 600; vertical-align: .0625rem; }
.entries-foot { display: flex; align-items: center; flex-wrap: wrap; gap: .5rem 1rem; margin-top: 1.25rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }

@media (max-width: 36rem) {
  body { padding: 1.5rem 0 0; background: var(--surface); }
  .wide { padding: 1.5rem 1rem 2rem; background: var(--page); }
  .brand { margin-bottom: 1rem; padding: 0 1.25rem; }
  .card { padding: 1.25rem 1.25rem 2.5rem; border: 0; border-radius: 0; box-shadow: none; }
  .wide .card { padding: 1.25rem; border: 1px solid var(--line); border-radius: .875rem; }
  .entries > li { flex-direction: column; align-items: stretch; }
  .entries .button, .entries-foot .button { width: 100%; }
  .entries-foot form { width: 100%; }
}
@media (max-width: 22rem) {
  .choices { grid-template-columns: 1fr; }
  .facts { grid-template-columns: 1fr; }
  .facts dd { margin-bottom: .375rem; }
}
@media (prefers-reduced-motion: no-preference) {
  .button, input { transition: background-color .12s ease, border-color .12s ease; }
}
@media (forced-colors: active) {
  .brand-mark { forced-color-adjust: none; }
}
@media print {
  body, .wide { display: block; padding: 0; background: none; }
  .card, .wide .card { border: 0; padding: 0; box-shadow: none; }
  .button, form, .entries-foot { display: none; }
}
`;
