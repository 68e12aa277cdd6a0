/**
 * An OpenID provider on loopback whose user is always signed in and always consents, and which can misbehave in every way that an
 * upstream provider can. Tests with a well-behaved provider use a second Rekey (`test/flows/`).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHash, randomBytes } from 'node:crypto';
import { CompactSign, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWTPayload } from 'jose';

export const UPSTREAM_CLIENT = { id: 'rekey at upstream', secret: 'secret: of rekey & co' };

/** Its behaviour instead of an answer. */
export type Trouble = 'hang' | 'hang up' | 'drip' | 'redirect' | 'flood' | 'html' | 'latin1' | number;

export interface UpstreamRequest {
  readonly path: string;
  readonly parameters: URLSearchParams;
  readonly authorization: string | undefined;
}

interface Grant {
  readonly nonce: string | null;
  readonly challenge: string;
  readonly redirectUri: string;
}

export class Upstream {
  readonly requests: UpstreamRequest[] = [];
  /** By path. */
  readonly troubles = new Map<string, Trouble>();
  user: JWTPayload & { sub: string } = { sub: 'upstream-user-1' };
  /** Of the userinfo response. */
  profile: Record<string, unknown> = {};
  metadata: Record<string, unknown> = {};
  /** Changes the claims of the ID token. */
  tamper: (claims: JWTPayload) => JWTPayload = (claims) => claims;
  /** The claims of the ID token as bytes. */
  encode: (claims: JWTPayload) => Uint8Array = (claims) => Buffer.from(JSON.stringify(claims));
  /** Changes the token response. */
  answerWith: (answer: Record<string, unknown>) => object = (answer) => answer;
  /** How the ID token is signed. */
  signature: 'own key' | 'stranger' | 'key in its header' | 'secret' | 'none' = 'own key';
  /** Whether it redeems a code for any verifier. */
  ignoresPkce = false;
  /** What it has sent of floods. */
  floodedBytes = 0;
  private readonly grants = new Map<string, Grant>();

  private constructor(
    private readonly server: Server,
    private readonly own: CryptoKey,
    private readonly stranger: CryptoKey,
    private readonly jwk: object,
    private readonly strangersJwk: object,
  ) {
    server.on('request', (request, response) => void this.answer(request, response));
  }

  static async start(): Promise<Upstream> {
    const [own, stranger] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const [jwk, strangersJwk] = await Promise.all([exportJWK(own.publicKey), exportJWK(stranger.publicKey)]);
    return new Upstream(server, own.privateKey, stranger.privateKey, jwk, strangersJwk);
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The settings of a Rekey that it is the upstream of. */
  get environment(): Record<string, string> {
    return {
      REKEY_UPSTREAM_ISSUER: this.issuer,
      REKEY_UPSTREAM_CLIENT_ID: UPSTREAM_CLIENT.id,
      REKEY_UPSTREAM_CLIENT_SECRET: UPSTREAM_CLIENT.secret,
    };
  }

  /** Resets everything except the keys. */
  reset(): void {
    this.requests.length = 0;
    this.troubles.clear();
    this.user = { sub: 'upstream-user-1' };
    this.profile = {};
    this.metadata = {};
    this.tamper = (claims) => claims;
    this.encode = (claims) => Buffer.from(JSON.stringify(claims));
    this.answerWith = (answer) => answer;
    this.signature = 'own key';
    this.ignoresPkce = false;
    this.floodedBytes = 0;
  }

  asked(path: string): UpstreamRequest[] {
    return this.requests.filter((request) => request.path === path);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', this.issuer);
    const body = await textOf(request);
    const parameters = request.method === 'POST' ? new URLSearchParams(body) : url.searchParams;
    this.requests.push({ path: url.pathname, parameters, authorization: request.headers.authorization });
    const trouble = this.troubles.get(url.pathname);
    if (trouble !== undefined) return this.misbehave(trouble, response);
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return json(response, 200, this.discovery());
      case '/jwks':
        return json(response, 200, { keys: [{ ...this.jwk, alg: 'RS256', use: 'sig', kid: 'one' }] });
      case '/authorize':
        return this.authorize(parameters, response);
      case '/token':
        return this.token(parameters, request, response);
      case '/userinfo':
        return json(response, 200, { sub: this.user.sub, ...this.profile });
      default:
        return json(response, 404, {});
    }
  }

  private misbehave(trouble: Trouble, response: ServerResponse): void {
    if (trouble === 'hang') return;
    if (trouble === 'hang up') return void response.destroy();
    if (trouble === 'redirect') return void response.writeHead(302, { location: `${this.issuer}/elsewhere` }).end();
    if (trouble === 'html')
      return void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Maintenance</h1>');
    if (trouble === 'flood') return this.flood(response);
    if (trouble === 'drip') return drip(response);
    if (trouble === 'latin1') {
      const body = JSON.stringify({ ...this.discovery(), service_documentation: 'https://example.com/\xfc' });
      return void response.writeHead(200, { 'content-type': 'application/json' }).end(Buffer.from(body, 'latin1'));
    }
    json(response, trouble, { error: 'server_error', error_description: 'Our <b>database</b> is on fire' });
  }

  /** Ends when the caller does. */
  private flood(response: ServerResponse): void {
    const chunk = Buffer.alloc(64 * 1024, ' ');
    const pour = (): void => {
      while (!response.destroyed) {
        this.floodedBytes += chunk.length;
        if (!response.write(chunk)) return void response.once('drain', pour);
      }
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    pour();
  }

  private discovery(): object {
    return {
      issuer: this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint: `${this.issuer}/token`,
      userinfo_endpoint: `${this.issuer}/userinfo`,
      jwks_uri: `${this.issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      authorization_response_iss_parameter_supported: true,
      ...this.metadata,
    };
  }

  private authorize(parameters: URLSearchParams, response: ServerResponse): void {
    const code = randomBytes(16).toString('hex');
    const redirectUri = parameters.get('redirect_uri')!;
    this.grants.set(code, {
      nonce: parameters.get('nonce'),
      challenge: parameters.get('code_challenge') ?? '',
      redirectUri,
    });
    const back = new URL(redirectUri);
    back.search = new URLSearchParams({ code, state: parameters.get('state') ?? '', iss: this.issuer }).toString();
    response.writeHead(302, { location: back.href }).end();
  }

  private async token(
    parameters: URLSearchParams,
    { headers }: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (!isRekey(headers.authorization, parameters)) return json(response, 401, { error: 'invalid_client' });
    const code = parameters.get('code') ?? '';
    const grant = this.grants.get(code);
    this.grants.delete(code);
    const challenge = createHash('sha256')
      .update(parameters.get('code_verifier') ?? '')
      .digest('base64url');
    if (grant?.redirectUri !== parameters.get('redirect_uri') || (grant.challenge !== challenge && !this.ignoresPkce)) {
      return json(response, 400, { error: 'invalid_grant' });
    }
    const idToken = await this.idToken(grant);
    const answer = { access_token: 'at', token_type: 'Bearer', expires_in: 60, id_token: idToken };
    json(response, 200, this.answerWith(answer));
  }

  private async idToken({ nonce }: Grant): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const claims = this.tamper({
      iss: this.issuer,
      aud: UPSTREAM_CLIENT.id,
      iat: now,
      exp: now + 60,
      ...(nonce !== null && { nonce }),
      ...this.user,
    });
    if (this.signature === 'none') return new UnsecuredJWT(claims).encode();
    if (this.signature === 'secret') {
      return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(UPSTREAM_CLIENT.secret));
    }
    const key = this.signature === 'own key' ? this.own : this.stranger;
    const header = this.signature === 'key in its header' ? { jwk: this.strangersJwk } : { kid: 'one' };
    return new CompactSign(this.encode(claims)).setProtectedHeader({ alg: 'RS256', ...header }).sign(key);
  }
}

/** A byte now and then, for ever. */
function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const dripping = setInterval(() => response.write(' '), 100);
  response.once('close', () => clearInterval(dripping));
}

/** By Basic, with id and secret form-encoded inside (RFC 6749 §2.3.1), or by the form. */
function isRekey(authorization: string | undefined, parameters: URLSearchParams): boolean {
  const { id, secret } = UPSTREAM_CLIENT;
  const basic = Buffer.from(/^Basic (.*)$/.exec(authorization ?? '')?.[1] ?? '', 'base64').toString();
  const [name, ...rest] = basic.split(':').map((part) => new URLSearchParams(`x=${part}`).get('x'));
  return (
    (name === id && rest.length === 1 && rest[0] === secret) ||
    (parameters.get('client_id') === id && parameters.get('client_secret') === secret)
  );
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
