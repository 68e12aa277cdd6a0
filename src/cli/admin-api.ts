/** The client of the admin API for the commands: takes a path, returns parsed JSON, and turns failures into messages for the user. */
import { ADMIN_SCOPE } from '../oauth/scope.js';
import type { AdminCredentials } from './admin-credentials.js';
import type { Call, Server } from './server.js';
import { AlreadyThere, CliError, RequestRefused } from './cli-error.js';

type Query = Readonly<Record<string, string | undefined>>;
type Json = Record<string, unknown>;

/** The default page size of a list. */
const DEFAULT_LIMIT = '50';

export interface ListPage {
  readonly items: Json[];
  readonly next_cursor?: string;
}

export class AdminApi {
  private token: Promise<string> | undefined;

  constructor(
    private readonly server: Server,
    private readonly credentials: () => AdminCredentials,
  ) {}

  get<T = Json>(path: string, query: Query = {}): Promise<T> {
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return this.call<T>('GET', given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`);
  }

  /**
   * Returns a full page of a list, unless the list ends. A search without an index examines a bounded part of the list per
   * request and may answer a short page with a cursor; this continues from there.
   */
  async page(path: string, { limit = DEFAULT_LIMIT, ...query }: Query): Promise<ListPage> {
    let page = await this.get<ListPage>(path, { ...query, limit });
    const items = [...page.items];
    while (page.next_cursor !== undefined && items.length < Number(limit)) {
      page = await this.get<ListPage>(path, {
        ...query,
        limit: String(Number(limit) - items.length),
        cursor: page.next_cursor,
      });
      items.push(...page.items);
    }
    return { ...page, items };
  }

  post<T = Json>(path: string, body: object): Promise<T> {
    return this.call<T>('POST', path, body);
  }

  put<T = Json>(path: string, body: object): Promise<T> {
    return this.call<T>('PUT', path, body);
  }

  patch<T = Json>(path: string, body: object): Promise<T> {
    return this.call<T>('PATCH', path, body);
  }

  async delete(path: string): Promise<void> {
    await this.call('DELETE', path);
  }

  /** @throws CliError */
  private async call<T>(method: string, path: string, body?: object): Promise<T> {
    const isFirst = this.token === undefined;
    let answer = await this.attempt(method, path, body);
    if (answer.status === 401 && !isFirst) {
      // A long import may outlive its access token.
      this.token = undefined;
      answer = await this.attempt(method, path, body);
    }
    if (!answer.ok) throw problemIn(answer);
    return answer.json as T;
  }

  private async attempt(method: string, path: string, body: object | undefined) {
    const token = await (this.token ??= this.authenticate());
    return this.send(`/admin/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  private async authenticate(): Promise<string> {
    const { clientId, clientSecret } = this.credentials();
    const answer = await this.send('/token', {
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`)}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: ADMIN_SCOPE }).toString(),
    });
    const { access_token, error_description } = answer.json as Record<string, string | undefined>;
    if (answer.ok && access_token !== undefined) return access_token;
    throw new CliError(
      `No access token for the admin client: ${error_description ?? `the answer was ${answer.status}`}`,
    );
  }

  private async send(path: string, call: Call): Promise<{ ok: boolean; status: number; json: Json }> {
    try {
      const { status, text } = await this.server.send(path, call);
      return { ok: status < 300, status, json: parsed(text) };
    } catch (error) {
      throw new CliError(connectionProblem(error as Error, this.server));
    }
  }
}

/** An RFC 9457 problem, or the response of a proxy in between. */
function problemIn({ status, json }: { status: number; json: Json }): CliError {
  const { detail, errors } = json as { detail?: string; errors?: { field: string; detail: string }[] };
  if (detail === undefined) return new CliError(`The answer was ${status}, and not from the admin API.`);
  const text = [detail, ...(errors ?? []).map((error) => `  ${error.field}: ${error.detail}`)].join('\n');
  if (status === 409) return new AlreadyThere(text);
  return status === 400 ? new RequestRefused(text) : new CliError(text);
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return {};
  }
}

/** RFC 6749 §2.3.1 */
const formEncoded = (text: string): string => new URLSearchParams({ text }).toString().slice('text='.length);

function connectionProblem(error: Error & { code?: string }, { name, setting }: Server): string {
  const code = ((error.cause ?? error) as { code?: string }).code ?? error.message;
  // The codes of OpenSSL and of Node's check of the host name.
  if (/CERT|SIGNATURE/.test(code)) {
    return `${name} has a certificate that is not trusted (${code}). NODE_EXTRA_CA_CERTS names the file of a CA of your own.`;
  }
  return `${name} does not answer (${code}). ${setting} says where Rekey is.`;
}
