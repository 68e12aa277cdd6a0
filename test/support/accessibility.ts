/** Accessibility checks of a page: the tree for screen readers, and the rules of axe. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type axe from 'axe-core';
import type { Page } from 'playwright-core';
import { DESKTOP, PHONE } from './chromium.js';

interface AccessibleNode {
  readonly role: string;
  readonly name: string;
  readonly description: string;
}

interface RawNode {
  readonly role?: { readonly value: string };
  readonly name?: { readonly value: string };
  readonly description?: { readonly value: string };
  readonly properties?: readonly { readonly name: string; readonly value: { readonly value: unknown } }[];
}

/** The focused node as Chromium exposes it to a screen reader; undefined if nothing on the page has the focus. */
export async function focusedNode(page: Page): Promise<AccessibleNode | undefined> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = (await session.send('Accessibility.getFullAXTree')) as { nodes: RawNode[] };
  await session.detach();
  const focused = nodes.find(
    ({ role, properties = [] }) =>
      role?.value !== 'RootWebArea' && properties.some(({ name, value }) => name === 'focused' && value.value === true),
  );
  if (!focused) return undefined;
  const { role, name, description } = focused;
  return { role: role?.value ?? '', name: name?.value ?? '', description: description?.value ?? '' };
}

/** The minified file: the package's own export takes Chromium twice as long to read. */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** WCAG 1.4.10: as wide as a desktop at 400 %. */
const NARROW = { width: 320, height: 640 };

/** All other rules of axe depend neither on colours nor on the width. */
const LOOKS = [
  { colorScheme: 'light', viewport: DESKTOP, rules: 'all' },
  { colorScheme: 'dark', viewport: DESKTOP, rules: 'visual' },
  { colorScheme: 'light', viewport: PHONE, rules: 'visual' },
  { colorScheme: 'dark', viewport: PHONE, rules: 'visual' },
] as const;

/** All rules of axe, including WCAG 2.2 and best practices. */
const RULES = {
  all: { rules: { 'target-size': { enabled: true } } },
  visual: { runOnly: ['color-contrast', 'link-in-text-block', 'target-size'] },
};

/**
 * The page's accessibility problems, one line each: findings of axe, in light and dark, wide and narrow; content that is cut off
 * or overflows on a small screen or at twice the text size; and targets that are too small. Needs JavaScript.
 */
export async function faults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found: string[] = [];
  for (const { colorScheme, viewport, rules } of LOOKS) {
    // Without motion, because colours in a transition have little contrast.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize(viewport);
    const options = JSON.stringify({ resultTypes: ['violations'], ...RULES[rules] });
    const { violations } = await page.evaluate<axe.AxeResults>(`axe.run(document, ${options})`);
    found.push(...violations.map((violation) => `${colorScheme}, ${viewport.width} px: ${lineOf(violation)}`));
  }
  found.push(...(await misfits(page, '100%', NARROW)), ...(await smallTargets(page)));
  for (const viewport of [DESKTOP, PHONE]) found.push(...(await misfits(page, '200%', viewport)));
  return found;
}

const lineOf = ({ id, impact, nodes }: axe.Result): string =>
  `${id} (${impact}) ${nodes.map(({ html }) => html).join(' ')}`;

async function misfits(page: Page, size: string, viewport: typeof DESKTOP): Promise<string[]> {
  await page.setViewportSize(viewport);
  await page.evaluate(`document.documentElement.style.fontSize = '${size}'`);
  const found = await page.evaluate<string[]>(`(${MISFITS})()`);
  return found.map((misfit) => `letters at ${size}, ${viewport.width} px: ${misfit}`);
}

const smallTargets = (page: Page): Promise<string[]> => page.evaluate(`(${SMALL_TARGETS})()`);

/** Runs in the page: finds elements wider than the screen, or wider than their container and cut off. */
const MISFITS = `() => {
  const shown = [...document.querySelectorAll('body *')].filter((element) => element.checkVisibility() && !element.matches('.hidden'));
  const misfits = shown.filter((element) => {
    const { left, right } = element.getBoundingClientRect();
    const isWider = element.scrollWidth > element.clientWidth + 1 && !element.matches('input');
    const isCut = isWider && ['hidden', 'clip'].includes(getComputedStyle(element).overflowX);
    return left < 0 || right > innerWidth + 1 || isCut;
  });
  const page = document.documentElement;
  return [
    ...(page.scrollWidth > innerWidth ? ['the page is ' + page.scrollWidth + ' px wide'] : []),
    ...misfits.map((element) => 'does not fit: ' + element.outerHTML.slice(0, 120)),
  ];
}`;

/** Runs in the page: WCAG 2.5.8 without its exceptions. */
const SMALL_TARGETS = `() =>
  [...document.querySelectorAll('a, button, input:not([type=hidden])')]
    .filter((element) => {
      const { width, height } = element.getBoundingClientRect();
      return width < 24 || height < 24;
    })
    .map((element) => 'is small: ' + element.outerHTML.slice(0, 120))`;
