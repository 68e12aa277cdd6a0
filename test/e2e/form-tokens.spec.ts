/** Form tokens prove that this service showed the form to this browser. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { english } from '../../src/pages/english.js';
import { postForm, send, type Answer } from '../support/requests.js';
import { aUser, signIn } from '../support/sign-in.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { Visitor, type Visit } from '../support/visitor.js';

let app: TestApp;
/** Another deployment: its own secret, an issuer that is https and has a path. */
let tenant: TestApp;

beforeAll(async () => {
  app = await startApp();
});
beforeAll(async () => {
  tenant = await startApp({
    environment: { REKEY_ISSUER: 'https://id.test/t1', REKEY_SECRET: 'another-master-key-0123456789-abcdefghijklm' },
  });
});
afterAll(() => app.close());
afterAll(() => tenant.close());

const cookiesOf = ({ cookies }: Visitor): string => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');

const tokenIn = (visit: Visit): string => visit.forms[0]!.fields['form_token']!;

const post = (formToken: string, headers: Record<string, string>): Promise<Answer> =>
  postForm(`${app.url}/sign-in`, { form_token: formToken, username: 'nobody', password: 'nothing' }, headers);

function expectExpired({ status, text }: Answer): void {
  expect(status).toBe(400);
  expect(text).toContain(`<h1>${english.errors.formExpired.title}</h1>`);
  expect(text).toContain(english.errors.formExpired.text);
}

/** Expects that the form was accepted and only the password is wrong. */
function expectTaken({ status, text }: Answer): void {
  expect(status).toBe(403);
  expect(text).toContain('role="alert"');
}

describe('a form', () => {
  it('a form with its cookie and token is accepted, even from a browser that sends no origin headers', async () => {
    const visitor = new Visitor(app);
    const token = tokenIn(await visitor.get('/sign-in'));
    expectTaken(await post(token, { cookie: cookiesOf(visitor) }));
    expectTaken(await post(token, { cookie: cookiesOf(visitor), origin: app.issuer, 'sec-fetch-site': 'same-origin' }));
  });

  it('forms in two tabs of a browser are both valid, because the second page keeps the cookie', async () => {
    const visitor = new Visitor(app);
    const first = await visitor.get('/sign-in');
    const second = await visitor.get('/sign-in');
    expect(first.headers.getSetCookie()).toHaveLength(1);
    expect(second.headers.getSetCookie()).toEqual([]);
    for (const visit of [first, second]) expectTaken(await post(tokenIn(visit), { cookie: cookiesOf(visitor) }));
  });

  it.each([
    ['its cookie is missing', {}],
    ['its cookie is of another browser', { cookie: `rekey-browser=${'A'.repeat(22)}` }],
    ['its cookie is not ours', { cookie: 'rekey-browser=x' }],
    ['its cookie has the name of the other protocol', { cookie: `__Host-rekey-browser=${'A'.repeat(22)}` }],
  ])('a form is refused when %s', async (_, headers: Record<string, string>) => {
    expectExpired(await post(tokenIn(await new Visitor(app).get('/sign-in')), headers));
  });

  it.each([
    { origin: 'https://evil.test' },
    { origin: 'null' },
    { origin: 'http://rekey.test:8080' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', origin: 'http://rekey.test' },
  ])('a form sent from another site is refused: %j', async (headers) => {
    const visitor = new Visitor(app);
    const token = tokenIn(await visitor.get('/sign-in'));
    expectExpired(await post(token, { cookie: cookiesOf(visitor), ...(headers as Record<string, string>) }));
    expectTaken(await post(token, { cookie: cookiesOf(visitor) }));
  });

  it('a form shown by another deployment is refused in the same browser', async () => {
    const visitor = new Visitor(tenant);
    const elsewhere = tokenIn(await visitor.get('/t1/sign-in'));
    const cookie = `rekey-browser=${visitor.cookies.get('__Host-rekey-browser')}`;
    expectExpired(await post(elsewhere, { cookie }));
  });

  it('a form shown for another purpose is refused', async () => {
    const user = await aUser(app);
    const visitor = new Visitor(app);
    const account = await signIn(visitor, await visitor.get('/sign-in'), user);
    expect(account.url.pathname).toBe('/account');
    expectExpired(await post(tokenIn(account), { cookie: cookiesOf(visitor) }));
  });

  it('a form is refused after its login session has ended', async () => {
    const user = await aUser(app);
    const visitor = new Visitor(app);
    const before = await signIn(visitor, await visitor.get('/sign-in'), user);
    const { headers } = await visitor.submit(
      before,
      {},
      before.forms.find(({ action }) => action === '/account/sign-out'),
    );
    expect(headers.get('content-type')).toContain('text/html');
    await signIn(visitor, await visitor.get('/sign-in'), user);
    const answer = await postForm(
      `${app.url}/account/sessions/end-all`,
      { form_token: tokenIn(before) },
      { cookie: cookiesOf(visitor) },
    );
    expectExpired(answer);
    expect((await visitor.get('/account')).url.pathname).toBe('/account');
  });
});

describe('the issuer', () => {
  it('an https issuer has a cookie bound to the host and to TLS', async () => {
    const [cookie] = (await send(`${tenant.url}/t1/sign-in`)).headers.getSetCookie();
    expect(cookie).toMatch(/^__Host-rekey-browser=[\w-]{22}; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  });

  it('an issuer with a path has its forms and error pages below it', async () => {
    const visit = await new Visitor(tenant).get('/t1/sign-in');
    expect(visit.forms.map(({ action }) => action)).toEqual(['/t1/sign-in']);
    const missing = await send(`${tenant.url}/t1/sign-in/nothing`);
    expect(missing.text).toContain(english.errors.notFound.title);
    const outside = await send(`${tenant.url}/sign-in/nothing`);
    expect(outside.body).toMatchObject({ error: 'not_found' });
  });
});
