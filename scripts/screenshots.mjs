/**
 * Takes the screenshots in docs/images/ of the build: an embedded service in an empty folder, with its demo client and demo user, in
 * Chromium. Needs the Debian packages chromium and fonts-noto-cjk; with pngquant the files are a third of the size.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';

const BUILT = process.env.REKEY_BUILT || 'dist';
const IMAGES = 'docs/images';
const PORT = Number(process.env.PORT || 3000);
const SERVICE = `http://127.0.0.1:${PORT}`;
const DEMO_CLIENT = `http://127.0.0.1:${PORT + 1}`;
const START_TIMEOUT_MS = 60_000;
const MAX_KIB = 60;

const DESKTOP = { viewport: { width: 960, height: 640 } };
const PHONE = { viewport: { width: 360, height: 640 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const LOOKS = {
  light: { ...DESKTOP, colorScheme: 'light' },
  dark: { ...DESKTOP, colorScheme: 'dark' },
  phone: { ...PHONE, colorScheme: 'light' },
};

/** Long pages are cut at this height, where one sees that they continue. */
const MAX_HEIGHT = { [DESKTOP.viewport.width]: 2000, [PHONE.viewport.width]: 1000 };

/** A better font than Debian's fallback, like on a desktop. */
const FONTS = `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
  <include>/etc/fonts/fonts.conf</include>
  ${['system-ui', 'sans-serif'].map((name) => preferring(name, 'Noto Sans CJK TC')).join('')}
</fontconfig>`;

function preferring(name, family) {
  return `<match target="pattern"><test name="family"><string>${name}</string></test>
    <edit name="family" mode="prepend" binding="strong"><string>${family}</string></edit></match>`;
}

const otherBrowsers = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1',
];

const root = await mkdtemp(join(tmpdir(), 'rekey-screenshots-'));
try {
  await mkdir(IMAGES, { recursive: true });
  await whileRunning(async (user) => {
    const browser = await startChromium();
    try {
      for (const userAgent of otherBrowsers) await visit(browser, { userAgent }, (page) => signInAtService(page, user));
      for (const [look, options] of Object.entries(LOOKS)) {
        await visit(browser, { ...options, locale: 'en-US' }, (page) => takeAll(page, look, user));
      }
      await visit(browser, { ...LOOKS.light, locale: 'zh-TW' }, (page) => takeChinese(page, user));
    } finally {
      await browser.close();
    }
  });
} finally {
  await rm(root, { recursive: true, force: true });
}

/** All pages in the order in which a user sees them. */
async function takeAll(page, look, user) {
  await page.goto(`${SERVICE}/authorize?client_id=nobody`);
  await take(page, `error-${look}`);
  await page.goto(`${DEMO_CLIENT}/sign-in`);
  await take(page, `sign-in-${look}`);
  await fillIn(page, user);
  await take(page, `consent-${look}`);
  await follow(page, page.locator('[value=allow]'));
  await take(page, `demo-client-${look}`);
  await page.goto(`${SERVICE}/account`);
  await take(page, `account-${look}`);
  // So that the next sign-in asks for everything again.
  await follow(page, page.locator('[action$="/consents/withdraw"] button'));
  await page.goto(`${SERVICE}/end-session?client_id=demo-web`);
  await take(page, `sign-out-${look}`);
  await follow(page, page.locator('button'));
}

async function takeChinese(page, user) {
  await page.goto(`${DEMO_CLIENT}/sign-in`);
  await take(page, 'sign-in-zh-hant');
  await fillIn(page, user);
  await take(page, 'consent-zh-hant');
}

async function signInAtService(page, user) {
  await page.goto(`${SERVICE}/sign-in`);
  await fillIn(page, user);
}

async function fillIn(page, { username, password }) {
  await page.locator('[name=username]').fill(username);
  await page.locator('[name=password]').fill(password);
  await follow(page, page.locator('[type=submit]'));
}

async function follow(page, target) {
  await Promise.all([page.waitForEvent('load'), target.click()]);
}

async function take(page, name) {
  const path = join(IMAGES, `${name}.png`);
  const { width, height } = page.viewportSize();
  const content = await page.evaluate('document.documentElement.scrollHeight');
  const clip = { x: 0, y: 0, width, height: Math.min(Math.max(content, height), MAX_HEIGHT[width]) };
  await page.screenshot({ path, fullPage: true, clip, animations: 'disabled', caret: 'hide' });
  spawnSync('pngquant', ['--force', '--ext', '.png', '--speed', '1', '--strip', '64', path]);
  const kib = (await stat(path)).size / 1024;
  console.log(`${path}: ${kib.toFixed(1)} KiB${kib > MAX_KIB ? ', too large: is pngquant there?' : ''}`);
  if (kib > MAX_KIB) process.exitCode = 1;
}

/** In its own context, without cookies of another page. */
async function visit(browser, options, task) {
  const context = await browser.newContext(options);
  try {
    await task(await context.newPage());
  } finally {
    await context.close();
  }
}

async function startChromium() {
  const fonts = join(root, 'fonts.conf');
  await writeFile(fonts, FONTS);
  return chromium.launch({
    executablePath: process.env.REKEY_CHROMIUM || '/usr/bin/chromium',
    args: process.getuid() === 0 ? ['--no-sandbox'] : [],
    env: { ...process.env, FONTCONFIG_FILE: fonts },
  });
}

/** Starts a service, and runs the task with its demo user. */
async function whileRunning(task) {
  const dataDir = join(root, 'data');
  const env = { PATH: process.env.PATH, PORT: String(PORT), REKEY_DATA_DIR: dataDir, REKEY_LOG_LEVEL: 'error' };
  const service = spawn(process.execPath, [join(BUILT, 'main.js')], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => service.once('exit', resolve));
  try {
    await isReady(service, ended);
    const kept = await readFile(join(dataDir, 'credentials.env'), 'utf8');
    const { DEMO_USER, DEMO_PASSWORD } = Object.fromEntries(kept.split('\n').map((line) => line.split('=', 2)));
    await task({ username: DEMO_USER, password: DEMO_PASSWORD });
  } finally {
    service.kill('SIGTERM');
    await ended;
  }
}

/** Waits for the demo client, which the service starts and prints last. */
async function isReady(service, ended) {
  let printed = '';
  service.stdout.setEncoding('utf8');
  const ready = new Promise((resolve) =>
    service.stdout.on('data', (chunk) => (printed += chunk).includes(DEMO_CLIENT) && resolve(true)),
  );
  const isIn = await Promise.race([ready, ended.then(() => false), sleep(START_TIMEOUT_MS, false, { ref: false })]);
  if (!isIn || /demo client was not started/.test(printed)) throw new Error(`The service did not start:\n${printed}`);
}
