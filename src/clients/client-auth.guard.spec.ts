import type { ExecutionContext } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { BasicStrategy } from 'passport-http';
import { Form } from '../oauth/form.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { ClientAuthGuard } from './client-auth.guard.js';
import type { ClientAuthenticationService } from './client-authentication.service.js';
import { ClientBasicStrategy } from './client-basic.strategy.js';
import type { Client } from './client.js';

interface Pending {
  readonly secret: string;
  succeed(): void;
  fail(error: unknown): void;
}

/** A guard whose client authentications the test completes. */
function guardWith() {
  const pending = new Map<string, Pending>();
  const authentication = {
    withSecret: (_method: string, clientId: string, secret: string) =>
      new Promise<Client>((resolve, reject) => {
        pending.set(clientId, { secret, succeed: () => resolve({ clientId } as Client), fail: reject });
      }),
  } as unknown as ClientAuthenticationService;
  return { guard: new ClientAuthGuard(new ClientBasicStrategy(authentication), authentication), pending };
}

function requestOf(credentials: string) {
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  const raw = { rawHeaders: ['Authorization', authorization] };
  return {
    url: '/token',
    headers: { authorization },
    raw,
    body: Form.parse('grant_type=client_credentials'),
    id: 'c',
    ip: '::1',
    arrivedAt: 0,
  };
}

const contextOf = (request: unknown) =>
  ({ switchToHttp: () => ({ getRequest: () => request }) }) as unknown as ExecutionContext;

afterEach(() => void jest.restoreAllMocks());

describe('the guard for clients with Basic', () => {
  it('two concurrent requests get their own clients, whichever is known first', async () => {
    const { guard, pending } = guardWith();
    const [one, two] = [requestOf('one:1'), requestOf('two:2')];
    const admissions = [guard.canActivate(contextOf(one)), guard.canActivate(contextOf(two))];
    pending.get('two')!.succeed();
    expect(await admissions[1]).toBe(true);
    expect(one).not.toHaveProperty('user');
    pending.get('one')!.succeed();
    expect(await admissions[0]).toBe(true);
    expect([one, two]).toMatchObject([
      { user: { clientId: 'one' }, outcome: { clientId: 'one' } },
      { user: { clientId: 'two' }, outcome: { clientId: 'two' } },
    ]);
  });

  it('of two concurrent requests one can be refused and the other admitted', async () => {
    const { guard, pending } = guardWith();
    const [one, two] = [requestOf('one:1'), requestOf('two:2')];
    const admissions = [guard.canActivate(contextOf(one)), guard.canActivate(contextOf(two))];
    const refusal = OAuthError.invalidClient('wrong_secret');
    pending.get('two')!.fail(refusal);
    await expect(admissions[1]).rejects.toBe(refusal);
    pending.get('one')!.succeed();
    expect(await admissions[0]).toBe(true);
    expect(two).not.toHaveProperty('user');
  });

  it('a strategy that returns no client admits nobody', async () => {
    const { guard } = guardWith();
    jest.spyOn(ClientBasicStrategy.prototype, 'validate').mockResolvedValue(null as never);
    await expect(guard.canActivate(contextOf(requestOf('one:1')))).rejects.toMatchObject({ code: 'invalid_client' });
  });

  it('passport-http itself never parses the header', async () => {
    const { guard, pending } = guardWith();
    const lenient = jest.spyOn(BasicStrategy.prototype, 'authenticate');
    const admission = guard.canActivate(contextOf(requestOf('one:a:b')));
    pending.get('one')!.succeed();
    await admission;
    expect(pending.get('one')!.secret).toBe('a:b');
    expect(lenient).not.toHaveBeenCalled();
  });
});
