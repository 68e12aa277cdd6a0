import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { BasicStrategy } from 'passport-http';
import { decodeFormText } from '../oauth/form.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { contextOf } from '../platform/http/request-context.js';
import { parseBasic } from './basic-credentials.js';
import type { Client } from './client.js';
import { ClientAuthenticationService } from './client-authentication.service.js';

/** The methods that Passport adds to a strategy at run time. */
interface PassportActions {
  error(error: unknown): void;
}

interface StrategyRequest {
  headers: { authorization: string };
  request: FastifyRequest;
}

/**
 * `client_secret_basic` with passport-http, which accepts any scheme that contains "Basic", cuts the password at a colon,
 * answers malformed headers with a bare 400, and does not undo the form-encoding. So it only gets headers that our strict
 * parser has accepted, with colons in the secret encoded.
 */
@Injectable()
export class ClientBasicStrategy extends PassportStrategy(BasicStrategy, 'client-basic') {
  constructor(private readonly authentication: ClientAuthenticationService) {
    super({ realm: 'rekey', passReqToCallback: true });
  }

  override authenticate(request: unknown): void {
    const credentials = parseBasic((request as FastifyRequest).headers.authorization ?? '');
    if (!credentials) return (this as unknown as PassportActions).error(OAuthError.invalidClient('malformed_basic'));
    const secret = credentials.secret.replaceAll(':', '%3A');
    const authorization = `Basic ${Buffer.from(`${credentials.id}:${secret}`).toString('base64')}`;
    super.authenticate({ headers: { authorization }, request } as never);
  }

  /** Called by passport-http. @throws OAuthError invalid_client, too_many_requests */
  validate({ request }: StrategyRequest, id: string, secret: string): Promise<Client> {
    const [clientId, clientSecret] = [decode(id), decode(secret)];
    return this.authentication.withSecret('client_secret_basic', clientId, clientSecret, contextOf(request));
  }
}

function decode(text: string): string {
  try {
    return decodeFormText(text);
  } catch {
    throw OAuthError.invalidClient('malformed_basic');
  }
}
