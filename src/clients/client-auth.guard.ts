import { createParamDecorator, Injectable, type ExecutionContext } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Form } from '../oauth/form.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { contextOf, type RequestContext } from '../platform/http/request-context.js';
import type { Client } from './client.js';
import { ClientAuthenticationService } from './client-authentication.service.js';
import { ClientBasicStrategy } from './client-basic.strategy.js';

/**
 * Lets in authenticated clients only, by whichever method the request uses (RFC 6749 §2.3): Basic through Passport, or the
 * parameters of the form. A request that uses two is refused.
 */
@Injectable()
export class ClientAuthGuard extends AuthGuard() {
  /**
   * Passport is given the strategy itself: its names are global to the process, and two applications in one would share them.
   * And one of its own for each request: Passport writes into it whom to tell what the request came to, so requests that
   * shared one would be told of each other's client.
   */
  constructor(
    basic: ClientBasicStrategy,
    private readonly authentication: ClientAuthenticationService,
  ) {
    super({
      get defaultStrategy(): string {
        return Object.create(basic) as string;
      },
    });
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest & { user?: Client }>();
    const form = formOf(request);
    if (isBasic(request, form)) {
      await super.canActivate(context);
      const clientId = form.get('client_id');
      if (clientId !== undefined && clientId !== request.user?.clientId) {
        throw OAuthError.invalidRequest(
          'client_id_mismatch',
          'client_id names another client than the Authorization header.',
        );
      }
    } else {
      request.user = await this.byForm(form, request);
    }
    request.outcome = { clientId: request.user?.clientId };
    return true;
  }

  override handleRequest<T>(error: unknown, user: T): T {
    if (error instanceof Error) throw error;
    if (!user) throw OAuthError.invalidClient('no_credentials');
    return user;
  }

  private byForm(form: Form, request: FastifyRequest): Promise<Client> {
    const clientId = form.get('client_id');
    if (clientId === undefined) throw OAuthError.invalidClient('no_credentials');
    const secret = form.get('client_secret');
    // An empty secret counts as none (RFC 6749 §2.3.1, §3.2), and without one only a public client gets in.
    if (secret === undefined) return this.authentication.withoutSecret(clientId, contextOf(request));
    return this.authentication.withSecret('client_secret_post', clientId, secret, contextOf(request));
  }
}

/** @throws OAuthError invalid_request where the body is anything but a form */
function formOf(request: FastifyRequest): Form {
  if (request.body instanceof Form) return request.body;
  throw OAuthError.invalidRequest('not_a_form', 'The body must be application/x-www-form-urlencoded.');
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

/** Node keeps the first of two Authorization headers, and a proxy before it may have looked at the second. */
export const hasTwoAuthorizations = ({ raw }: FastifyRequest): boolean =>
  raw.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'authorization').length > 1;

export interface AuthenticatedRequest {
  /** The one that the guard let in. */
  readonly client: Client;
  readonly form: Form;
  readonly context: RequestContext;
}

/** One parameter for all three: Nest resolves each decorated parameter in a step of its own. */
export const Authenticated = createParamDecorator((_: unknown, context: ExecutionContext): AuthenticatedRequest => {
  const request = context.switchToHttp().getRequest<FastifyRequest & { user: Client }>();
  return { client: request.user, form: formOf(request), context: contextOf(request) };
});
