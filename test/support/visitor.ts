/**
 * A minimal browser: keeps cookies, follows redirects within the service, and fills in forms. Tests that need a real one are in
 * `test/browser/`.
 */
import { send } from './requests.js';

export interface PageForm {
  readonly action: string;
  readonly method: string;
  /** The hidden fields, and the values of the others. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface Visit {
  /** The final URL: a page of the service, or the external URL that it was redirected to. */
  readonly url: URL;
  /** Whether that URL is external. */
  readonly left: boolean;
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  readonly forms: readonly PageForm[];
}

const MAX_REDIRECTS = 10;

/** The fields of a form; a list if a name may repeat. */
type Fields = Record<string, string> | [name: string, value: string][];

export class Visitor {
  readonly cookies = new Map<string, string>();

  /** @param at the service's URL and issuer */
  constructor(private readonly at: { readonly url: string; readonly issuer: string }) {}

  get(target: string, headers: Record<string, string> = {}): Promise<Visit> {
    return this.follow(new URL(target, this.at.url), { headers });
  }

  /** Submits a form of the page with the user's input. */
  submit(visit: Visit, fields: Record<string, string> = {}, form = visit.forms[0]): Promise<Visit> {
    if (!form) throw new Error(`There is no form on this page (${visit.status}): ${visit.html.slice(0, 500)}`);
    return this.post(new URL(form.action, visit.url).href, { ...form.fields, ...fields });
  }

  post(target: string, fields: Fields, headers: Record<string, string> = {}): Promise<Visit> {
    return this.follow(new URL(target, this.at.url), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(fields).toString(),
    });
  }

  private async follow(url: URL, init: RequestInit, redirects = 0): Promise<Visit> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...(init.headers as Record<string, string>), ...(cookie !== '' && { cookie }) };
    const { status, headers: answered, text } = await send(url.href, { ...init, headers, redirect: 'manual' });
    this.keep(answered);
    const location = answered.get('location');
    if (status < 300 || status >= 400 || location === null) {
      return { url, left: false, status, headers: answered, html: text, forms: formsIn(text) };
    }
    const next = this.reachable(new URL(location, url));
    if (!next) return { url: new URL(location), left: true, status, headers: answered, html: text, forms: [] };
    if (redirects >= MAX_REDIRECTS) throw new Error(`Too many redirects: ${next.href}`);
    return this.follow(next, { headers: {} }, redirects + 1);
  }

  /** Maps URLs of the issuer, whose host name may not resolve, to the service's own URL. */
  private reachable(url: URL): URL | undefined {
    if (url.origin === new URL(this.at.url).origin) return url;
    return url.origin === new URL(this.at.issuer).origin ? new URL(url.pathname + url.search, this.at.url) : undefined;
  }

  private keep(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (/;\s*max-age=0/i.test(line) || value === '') this.cookies.delete(name!);
      else this.cookies.set(name!, value!);
    }
  }
}

function formsIn(html: string): PageForm[] {
  return [...html.matchAll(/<form\b((?:[^">]|"[^"]*")*)>(.*?)<\/form>/gs)].map(([, attributes, content]) => ({
    action: attribute(attributes!, 'action') ?? '',
    method: attribute(attributes!, 'method') ?? 'get',
    fields: Object.fromEntries(
      [...content!.matchAll(/<input\b((?:[^">]|"[^"]*")*)>/g)].flatMap(([, input]) => {
        const name = attribute(input!, 'name');
        return name === undefined ? [] : [[name, attribute(input!, 'value') ?? '']];
      }),
    ),
  }));
}

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
  return value?.replace(/&(quot|lt|gt|amp|#39);/g, (_, entity: string) => ENTITIES[entity]!);
}

const ENTITIES: Record<string, string> = { quot: '"', lt: '<', gt: '>', amp: '&', '#39': "'" };
