import { createParamDecorator, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Form } from '../oauth/form.js';
import { OAuthError } from '../oauth/oauth-error.js';
import type { Hint } from '../platform/http/hints.js';
import { contextOf, hasTwoAuthorizations, queryOf, type RequestContext } from '../platform/http/request-context.js';
import type { Client } from './client.js';
import { ClientAuthenticationService } from './client-authentication.service.js';
import { ClientBasicStrategy } from './client-basic.strategy.js';
import { demandAllowedOrigin } from './script-origins.js';

/**
 * Admits authenticated clients only (RFC 6749 §2.3): by Basic through the Passport strategy, or by form parameters. A request
 * that uses both is refused.
 */
@Injectable()
export class ClientAuthGuard implements CanActivate {
  constructor(
    private readonly basic: ClientBasicStrategy,
    private readonly authentication: ClientAuthenticationService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest & { user?: Client }>();
    const form = formOf(request);
    refuseSecretInUrl(request);
    const client = isBasic(request, form) ? await this.byHeader(form, request) : await this.byForm(form, request);
    request.user = client;
    request.outcome = { clientId: client.clientId, hint: deviation(request, client) };
    if (request.scriptOrigin !== undefined) demandAllowedOrigin(client, request.scriptOrigin);
    return true;
  }

  private async byHeader(form: Form, request: FastifyRequest): Promise<Client> {
    const client = await this.byBasic(request);
    const clientId = form.get('client_id');
    if (clientId !== undefined && clientId !== client.clientId) {
      throw OAuthError.invalidRequest(
        'client_id_mismatch',
        'client_id names another client than the Authorization header.',
      );
    }
    return client;
  }

  /** Runs the strategy like Passport: each request has a copy with its own callbacks, so that none gets another's client. */
  private byBasic(request: FastifyRequest): Promise<Client> {
    return new Promise((success, error) => {
      const fail = () => error(OAuthError.invalidClient('no_credentials'));
      const strategy = Object.create(this.basic) as ClientBasicStrategy;
      Object.assign(strategy, { success, fail, error }).authenticate(request);
    });
  }

  private byForm(form: Form, request: FastifyRequest): Promise<Client> {
    const clientId = form.get('client_id');
    if (clientId === undefined) throw OAuthError.invalidClient('no_credentials');
    const secret = form.get('client_secret');
    // An empty secret counts as none (RFC 6749 §2.3.1, §3.2), which only a public client may have.
    if (secret === undefined) return this.authentication.withoutSecret(clientId, contextOf(request));
    return this.authentication.withSecret('client_secret_post', clientId, secret, contextOf(request));
  }
}

/** @throws OAuthError invalid_request if the body is not a form */
function formOf(request: FastifyRequest): Form {
  if (request.body instanceof Form) return request.body;
  throw OAuthError.invalidRequest('not_a_form', 'The body must be application/x-www-form-urlencoded.');
}

/** RFC 6749 §2.3.1: not in the URL, where browsers and proxies keep it. */
function refuseSecretInUrl({ url }: FastifyRequest): void {
  const query = queryOf(url);
  if (query === '' || !['client_secret', 'client_assertion'].some((name) => new URLSearchParams(query).has(name)))
    return;
  throw OAuthError.invalidRequest(
    'secret_in_url',
    'A client secret must not be in the URL, which is logged on its way: send it by Basic or in the body, and replace this one (RFC 6749 section 2.3.1).',
  );
}

function deviation({ headers, url }: FastifyRequest, { type, tokenEndpointAuthMethod }: Client): Hint | undefined {
  const byBasic = headers.authorization !== undefined;
  const wantsBasic = tokenEndpointAuthMethod === 'client_secret_basic';
  if (type === 'confidential' && byBasic !== wantsBasic) return 'other_auth_method';
  return queryOf(url) === '' ? undefined : 'query_not_read';
}

function isBasic(request: FastifyRequest, form: Form): boolean {
  const inHeader = request.headers.authorization !== undefined;
  const inForm = form.get('client_secret') !== undefined;
  const byAssertion = form.get('client_assertion') !== undefined || form.get('client_assertion_type') !== undefined;
  if (Number(inHeader) + Number(inForm) + Number(byAssertion) > 1 || hasTwoAuthorizations(request)) {
    throw OAuthError.invalidRequest('two_authentication_methods', 'A client authenticates in one way at a time.');
  }
  if (byAssertion) throw OAuthError.invalidClient('unsupported_method');
  return inHeader;
}

export interface AuthenticatedRequest {
  /** The client that the guard admitted. */
  readonly client: Client;
  readonly form: Form;
  readonly context: RequestContext;
}

/** Client, form and context in one parameter: Nest resolves each decorated parameter in a separate step. */
export const Authenticated = createParamDecorator((_: unknown, context: ExecutionContext): AuthenticatedRequest => {
  const request = context.switchToHttp().getRequest<FastifyRequest & { user: Client }>();
  return { client: request.user, form: formOf(request), context: contextOf(request) };
});
