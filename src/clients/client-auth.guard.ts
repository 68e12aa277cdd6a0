import { createParamDecorator, Injectable, type ExecutionContext } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Form } from '../oauth/form.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { contextOf } from '../http/request-context.js';
import type { Client } from './client.js';
import { ClientAuthenticationService } from './client-authentication.service.js';

/**
 * Lets in authenticated clients only, by whichever method the request uses (RFC 6749 §2.3): Basic through Passport, or the
 * parameters of the form. A request that uses two is refused.
 */
@Injectable()
export class ClientAuthGuard extends AuthGuard('client-basic') {
  constructor(private readonly authentication: ClientAuthenticationService) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest & { user?: Client }>();
    const form = formOf(request);
    if (isBasic(request, form)) {
      await super.canActivate(context);
      const clientId = form.get('client_id');
      if (clientId !== undefined && clientId !== request.user?.clientId) {
        throw OAuthError.invalidRequest('client_id_mismatch', 'client_id names another client than the Authorization header.');
      }
    } else {
      request.user = await this.byForm(form, request);
    }
    request.outcome = { clientId: request.user?.clientId };
    return true;
  }

  override handleRequest<T>(error: unknown, user: T): T {
    if (error || !user) throw error ?? OAuthError.invalidClient('no_credentials');
    return user;
  }

  private byForm(form: Form, request: FastifyRequest): Promise<Client> {
    const clientId = form.get('client_id');
    if (clientId === undefined) throw OAuthError.invalidClient('no_credentials');
    if (!form.has('client_secret')) return this.authentication.withoutSecret(clientId, contextOf(request));
    // An empty secret is compared like any other, and never matches: a client has no empty secret.
    return this.authentication.withSecret('client_secret_post', clientId, form.get('client_secret') ?? '', contextOf(request));
  }
}

/** @throws OAuthError invalid_request where the body is anything but a form */
export function formOf(request: FastifyRequest): Form {
  if (request.body instanceof Form) return request.body;
  throw OAuthError.invalidRequest('not_a_form', 'The body must be application/x-www-form-urlencoded.');
}

function isBasic(request: FastifyRequest, form: Form): boolean {
  const inHeader = request.headers.authorization !== undefined;
  const inForm = form.has('client_secret');
  const byAssertion = form.has('client_assertion') || form.has('client_assertion_type');
  if (Number(inHeader) + Number(inForm) + Number(byAssertion) > 1 || hasTwoAuthorizations(request)) {
    throw OAuthError.invalidRequest('two_authentication_methods', 'A client authenticates in one way at a time.');
  }
  if (byAssertion) throw OAuthError.invalidClient('unsupported_method');
  return inHeader;
}

/** Node keeps the first of two Authorization headers, and a proxy before it may have looked at the second. */
const hasTwoAuthorizations = ({ raw }: FastifyRequest): boolean =>
  raw.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'authorization').length > 1;

/** The client that the guard let in. */
export const AuthenticatedClient = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<{ user: Client }>().user,
);

/** The parameters of the request. */
export const FormBody = createParamDecorator((_: unknown, context: ExecutionContext) =>
  formOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
