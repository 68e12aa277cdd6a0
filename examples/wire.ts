/** Sends requests and prints them with their responses, for the example programs. */

export interface Client {
  readonly id: string;
  readonly secret: string;
}

export type Json = Record<string, unknown>;

export class Wire {
  /** @param url the service's URL without a trailing slash */
  constructor(private readonly url: string) {}

  /** Sends a form and prints it with its answer. */
  async tell(client: Client, path: string, form: Record<string, string>, remark = ''): Promise<Json> {
    say(`   → POST ${path}  ${shorten(new URLSearchParams(form).toString())}`);
    const { status, body } = await this.send(client, path, form);
    say(`   ← ${status}  ${shorten(body === undefined ? '' : JSON.stringify(body))} ${remark}`.trimEnd());
    return body ?? {};
  }

  /** @returns the new refresh token */
  async refresh(client: Client, refreshToken: string, remark = ''): Promise<string> {
    const answer = await this.tell(client, '/token', refreshing(refreshToken), remark);
    return String(answer['refresh_token']);
  }

  /** Sends a form without printing. @throws Refused unless the response is a 200 */
  async quietly(client: Client, path: string, form: Record<string, string>): Promise<Json> {
    const { status, body } = await this.send(client, path, form);
    if (status !== 200) throw new Refused(path, status, body);
    return body ?? {};
  }

  /** An access token for the admin API. */
  async adminToken(admin: Client): Promise<string> {
    const { access_token: token } = await this.quietly(admin, '/token', { grant_type: 'client_credentials' });
    return String(token);
  }

  /** @throws Refused on an error response */
  async adminPost(token: string, path: string, body: Json, aloud = false): Promise<Json> {
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as Json;
    if (aloud)
      say(`   → POST ${path}  ${JSON.stringify(body)}\n   ← ${response.status}  ${shorten(JSON.stringify(answer))}`);
    if (!response.ok) throw new Refused(path, response.status, answer);
    return answer;
  }

  /** Starts a session of a user, as if they had signed in at the client. @returns its first refresh token */
  async startFamily(token: string, client: Client, subject: string): Promise<string> {
    const asked = { client_id: client.id, subject, scope: 'read write' };
    return String((await this.adminPost(token, '/admin/v1/families', asked))['refresh_token']);
  }

  private async send({ id, secret }: Client, path: string, form: Record<string, string>) {
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${encoded(id)}:${encoded(secret)}`)}` },
      body: new URLSearchParams(form),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as Json) };
  }
}

/** An unexpected response. */
export class Refused extends Error {
  constructor(
    path: string,
    readonly status: number,
    body: unknown,
  ) {
    super(`${path} answered ${status}: ${JSON.stringify(body)}`);
  }
}

export const refreshing = (refreshToken: string): Record<string, string> => ({
  grant_type: 'refresh_token',
  refresh_token: refreshToken,
});

/** RFC 6749 §2.3.1 */
const encoded = (text: string): string => new URLSearchParams({ text }).toString().slice('text='.length);

/** Shortens tokens so that they stay distinguishable and readable. */
const shorten = (text: string): string =>
  text
    .replace(/eyJ[\w.-]+/g, (jwt) => `eyJ…${jwt.slice(-6)}`)
    .replace(/rt_[\w-]+/g, (token) => `rt_…${token.slice(-6)}`);

export function title(text: string): void {
  say(`\n${text}`);
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
