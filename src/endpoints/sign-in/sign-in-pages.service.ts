import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuthorizationRequests } from '../../authorization/authorization-requests.service.js';
import { contextOf } from '../../platform/http/request-context.js';
import { ACR_PASSWORD } from '../../oauth/authentication.js';
import type { Form } from '../../oauth/form.js';
import { UsersService } from '../../users/users.service.js';
import { SignInForm, type SignInFor } from './sign-in-form.service.js';
import { SignIn } from './sign-in.service.js';

/**
 * The status of a refused sign-in. Not 200: password managers would take it for a success and offer to save the password. Not
 * 401: it would need a WWW-Authenticate challenge (RFC 9110 §15.5.2), and a form has no HTTP authentication scheme.
 */
const REFUSED = 403;
const THROTTLED = 429;

/** Shows and handles the form with username and password. */
@Injectable()
export class SignInPages {
  constructor(
    private readonly users: UsersService,
    private readonly form: SignInForm,
    private readonly signIn: SignIn,
    private readonly requests: AuthorizationRequests,
  ) {}

  async show(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (await this.signIn.isSignedIn(request)) return this.signIn.toAccount(reply);
    this.form.show(request, reply, {});
  }

  async submit(form: Form, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const query = form.get('authorization_request');
    this.form.check(request, form, query);
    const username = form.get('username');
    const outcome = await this.users.authenticate(username ?? '', form.get('password') ?? '', contextOf(request));
    if (outcome.verdict === 'ok') {
      const { subject, sessionEpoch } = outcome;
      const proof = { subject, sessionEpoch, acr: ACR_PASSWORD, amr: ['pwd'] };
      return this.signIn.complete(request, reply, proof, query);
    }
    const authorization = query === undefined ? undefined : await this.authorizationOf(query);
    if (outcome.verdict === 'refused') {
      return this.form.show(request, reply, { authorization, username, problem: 'wrong', status: REFUSED });
    }
    const { retryAfterSeconds } = outcome;
    void reply.header('retry-after', retryAfterSeconds);
    this.form.show(request, reply, {
      authorization,
      username,
      problem: 'throttled',
      retryAfterSeconds,
      status: THROTTLED,
    });
  }

  /** The client may have been deleted since the form was shown; then there is no request to continue. */
  private async authorizationOf(query: string): Promise<SignInFor | undefined> {
    const description = await this.requests.describe(query);
    return description && { query, ...description };
  }
}
