/**
 * A real browser: Debian's Chromium without a window, driven by `playwright-core`. One is started per spec file; each page
 * comes with a context of its own, so with no cookies of another. What a page complains of is kept with it. A page that was
 * closed is handed out again as good as new, because a new one takes Chromium longer than most tests do.
 */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core';

export const DESKTOP = { width: 1280, height: 900 };
export const PHONE = { width: 360, height: 740 };

/** `javaScriptEnabled`, `colorScheme`, `viewport`, `locale`, … */
export type PageOptions = BrowserContextOptions;

/** A page, and what went wrong in it. */
export interface BrowserPage extends Page {
  /**
   * Errors of scripts and of the console (a refusal by the Content-Security-Policy among them), and requests to anybody but
   * the addresses on this machine. Empty on a good page.
   */
  readonly complaints: readonly string[];
  /** Clicks what leads to another page, and comes back when that page is there. */
  follow(target: Locator): Promise<void>;
  /**
   * Comes back when the page takes keys, and has given its focus away. Chromium throws away what is pressed before it has
   * drawn the first frame, which on a busy machine comes after the load.
   */
  drawn(): Promise<void>;
}

/** Longer than anything here takes, shorter than a test may: a test that waits in vain says for what. */
const PATIENCE_MS = 15_000;

export class Chromium {
  /** Closed pages by their options. */
  private readonly idle = new Map<string, BrowserPage[]>();

  private constructor(private readonly browser: Browser) {}

  static async launch(): Promise<Chromium> {
    const isRoot = process.getuid?.() === 0; // as whom Chromium refuses to run in its sandbox
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
    // Something is stable that was in the same place for two frames.
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
    // That an answer was a 4xx is for the test to say; Chromium's request for a favicon is nobody's.
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
