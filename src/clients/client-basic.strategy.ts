import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { BasicStrategy } from 'passport-http';
import { decodeFormText } from '../oauth/form.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { contextOf } from '../platform/http/request-context.js';
import type { Client } from './client.js';
import { ClientAuthenticationService } from './client-authentication.service.js';

/**
 * `client_secret_basic` with passport-http, but with our strict parser of the header: its own accepts any scheme that contains
 * "Basic", cuts the password at a colon, answers malformed headers with a bare 400, does not undo the form-encoding, and
 * decodes with the deprecated `new Buffer`.
 */
@Injectable()
export class ClientBasicStrategy extends PassportStrategy(BasicStrategy, 'client-basic') {
  /** The callbacks of a strategy (passport-strategy). The guard sets them in a copy for each request. */
  declare success: (client: Client) => void;
  declare fail: () => void;
  declare error: (error: unknown) => void;

  /** Set by passport-http, missing in its types. */
  declare private readonly _verify: (
    request: unknown,
    id: string,
    secret: string,
    done: (error: unknown, client?: Client | null) => void,
  ) => void;

  constructor(private readonly authentication: ClientAuthenticationService) {
    super({ realm: 'rekey', passReqToCallback: true });
  }

  override authenticate(request: unknown): void {
    const credentials = parseBasic((request as FastifyRequest).headers.authorization ?? '');
    if (!credentials) return this.error(OAuthError.invalidClient('malformed_basic'));
    this._verify(request, credentials.id, credentials.secret, (error, client) => {
      if (error) return this.error(error);
      if (!client) return this.fail();
      this.success(client);
    });
  }

  /** Called by the verify callback. @throws OAuthError invalid_client, too_many_requests */
  validate(request: FastifyRequest, id: string, secret: string): Promise<Client> {
    const [clientId, clientSecret] = [decode(id), decode(secret)];
    return this.authentication.withSecret('client_secret_basic', clientId, clientSecret, contextOf(request));
  }
}

/** Id and secret are form-encoded inside (RFC 6749 §2.3.1). */
function decode(text: string): string {
  try {
    return decodeFormText(text);
  } catch {
    throw OAuthError.invalidClient('malformed_basic');
  }
}

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The `Authorization: Basic` header (RFC 7617 §2). @returns id and secret, still form-encoded; undefined if the header is malformed or one of them is empty */
export function parseBasic(header: string): { id: string; secret: string } | undefined {
  const encoded = BASIC.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  const text = decodeUtf8(Buffer.from(encoded, 'base64'));
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon < 1 || colon === text.length - 1) return undefined;
  return { id: text.slice(0, colon), secret: text.slice(colon + 1) };
}

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
