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
 * Of a page that says no. Not 200: password managers take that for a sign-in that went well, and offer to keep what was
 * typed. Not 401: it would have to name a scheme of HTTP authentication (RFC 9110 §15.5.2), and there is none here.
 */
const REFUSED = 403;
const THROTTLED = 429;

/** The form with the username and the password, and what comes of it. */
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

  /** The client may be gone since the form was shown: then there is nothing to go on with. */
  private async authorizationOf(query: string): Promise<SignInFor | undefined> {
    const description = await this.requests.describe(query);
    return description && { query, ...description };
  }
}
