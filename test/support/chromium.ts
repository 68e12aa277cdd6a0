/**
 * A real browser: headless Chromium of Debian, driven by `playwright-core`. One is started per spec file; each page has its own
 * context, so no other page's cookies. A page collects its errors. Closed pages are reset and reused, because creating one takes
 * Chromium longer than most tests take.
 */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core';

export const DESKTOP = { width: 1280, height: 900 };
export const PHONE = { width: 360, height: 740 };

/** `javaScriptEnabled`, `colorScheme`, `viewport`, `locale`, … */
export type PageOptions = BrowserContextOptions;

/** A page with its errors. */
export interface BrowserPage extends Page {
  /**
   * Script and console errors (including refusals by the Content-Security-Policy), and requests to hosts other than this machine.
   * Empty on a good page.
   */
  readonly complaints: readonly string[];
  /** Clicks the target, and resolves when the next page is loaded. */
  follow(target: Locator): Promise<void>;
  /**
   * Resolves when the page accepts keys and has set its focus. Chromium drops keys pressed before it has drawn the first frame,
   * which on a busy machine comes after the load.
   */
  drawn(): Promise<void>;
}

/** Longer than any step takes, shorter than a test's timeout, so that the error names the step. */
const PATIENCE_MS = 15_000;

export class Chromium {
  /** Closed pages by their options. */
  private readonly idle = new Map<string, BrowserPage[]>();

  private constructor(private readonly browser: Browser) {}

  static async launch(): Promise<Chromium> {
    const isRoot = process.getuid?.() === 0; // Chromium refuses to run its sandbox as root
    const browser = await chromium.launch({
      executablePath: executable(),
      args: ['--disable-dev-shm-usage', ...(isRoot ? ['--no-sandbox'] : [])],
    });
    return new Chromium(browser);
  }

  /** In a context of its own. */
  async page(options: PageOptions = {}): Promise<BrowserPage> {
    const like = JSON.stringify(options);
    const used = this.idle.get(like)?.pop();
    if (used) return used;
    const context = await this.browser.newContext({ viewport: DESKTOP, locale: 'en-US', ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    const raw = await context.newPage();
    const complaints = complaintsOf(raw);
    const page = watched(raw, complaints, async () => {
      await page.goto('about:blank');
      await context.clearCookies();
      complaints.length = 0;
      this.idle.set(like, [...(this.idle.get(like) ?? []), page]);
    });
    return page;
  }

  /** The window that the page opens next. */
  async popupOf(page: Page): Promise<BrowserPage> {
    const popup = await page.waitForEvent('popup');
    return watched(popup, complaintsOf(popup), popup.close.bind(popup));
  }

  /** The pages with it. */
  async close(): Promise<void> {
    await this.browser.close();
  }
}

const watched = (page: Page, complaints: readonly string[], close: () => Promise<void>): BrowserPage =>
  Object.assign(page, {
    complaints,
    follow: async (target: Locator) => void (await Promise.all([page.waitForEvent('load'), target.click()])),
    // "Stable" means in the same place for two frames.
    drawn: async () => (await page.locator('body').elementHandle()).waitForElementState('stable'),
    close,
  });

function executable(): string {
  const path = process.env.REKEY_CHROMIUM || '/usr/bin/chromium';
  if (existsSync(path)) return path;
  throw new Error(
    `There is no Chromium at ${path}: install the Debian package "chromium" (apt-get install chromium), or set REKEY_CHROMIUM`,
  );
}

function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
  page.on('console', (message) => {
    // Tests check 4xx answers themselves, and Chromium requests a favicon on its own.
    const isAnswer = message.text().startsWith('Failed to load resource: the server responded with a status');
    if (message.type() === 'error' && !isAnswer) complaints.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (/^https?:$/.test(url.protocol) && !isLocal(url)) complaints.push(`request: ${url.origin}`);
  });
  return complaints;
}

const isLocal = ({ hostname }: URL): boolean => ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
