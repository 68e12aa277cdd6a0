/** A user at a browser: reads headings, fills in fields by their labels, presses buttons by their names. */
import { english } from '../../src/pages/english.js';
import type { Texts } from '../../src/pages/texts.js';
import type { BrowserPage } from './chromium.js';
import type { Authorization, TestUser } from './sign-in.js';
import type { TestApp } from './test-app.js';

/** For `describe.each`: every page works without JavaScript. */
export const SCRIPTING = [
  { javaScriptEnabled: true, scripts: 'with JavaScript' },
  { javaScriptEnabled: false, scripts: 'without JavaScript' },
];

export class Person {
  /** @param texts in the language that they read */
  constructor(
    readonly page: BrowserPage,
    private readonly app: TestApp,
    private readonly texts: Texts = english,
  ) {}

  /** @param path of the service */
  async open(path: string): Promise<void> {
    await this.page.goto(`${this.app.issuer}${path}`);
  }

  ask(authorization: Authorization): Promise<void> {
    return this.open(authorization.path);
  }

  heading(): Promise<string | null> {
    return this.page.getByRole('heading', { level: 1 }).textContent();
  }

  press(name: string): Promise<void> {
    return this.page.follow(this.page.getByRole('button', { name, exact: true }));
  }

  follow(name: string): Promise<void> {
    return this.page.follow(this.page.getByRole('link', { name, exact: true }));
  }

  async fillIn({ username, password }: Pick<TestUser, 'username' | 'password'>): Promise<void> {
    await this.page.getByLabel(this.texts.signIn.username).fill(username);
    await this.page.getByLabel(this.texts.signIn.password).fill(password);
  }

  async signIn(user: Pick<TestUser, 'username' | 'password'>): Promise<void> {
    await this.fillIn(user);
    await this.press(this.texts.signIn.submit);
  }

  /** The whole authorization: signs in and gives consent where asked. */
  async authorize(authorization: Authorization, user: TestUser): Promise<void> {
    await this.ask(authorization);
    if (await this.isAsked('password')) await this.signIn(user);
    if (await this.isAsked('decision')) await this.press(this.texts.consent.allow);
  }

  /** @param field that a form of the page has */
  async isAsked(field: string): Promise<boolean> {
    return (await this.page.locator(`[name=${field}]`).count()) > 0;
  }

  /** @param path of the service */
  isAt(path: string): boolean {
    const { origin, pathname } = new URL(this.page.url());
    return origin === this.app.issuer && pathname === path;
  }

  /** Checks by opening the account page. */
  async isSignedIn(): Promise<boolean> {
    await this.open('/account');
    return this.isAt('/account');
  }
}
