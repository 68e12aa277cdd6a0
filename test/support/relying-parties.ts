/**
 * The OpenID Connect settings that Grafana, Argo CD and Kubernetes document, with jose in place of the product: each finds the
 * claims that it decides by. Run on the embedded database and on services.
 */
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { JWTPayload } from 'jose';
import type { UserChange } from '../../src/users/user-change.js';
import { bearer } from './admin.js';
import type { TestClient } from './clients.js';
import { refresh, send, type Answer } from './requests.js';
import { verifyAtResource } from './resource-verifier.js';
import {
  Authorization,
  authorize,
  aUser,
  browserClient,
  signInAndExchange,
  webClient,
  type TestUser,
} from './sign-in.js';
import type { TestApp } from './test-app.js';
import { BY_TEST, usersOf } from './users.js';

const EMAIL = 'ada@example.org';

export function relyingParties(running: () => TestApp): void {
  describe('a relying party with the settings that its documents give', () => {
    let app: TestApp;
    let ada: TestUser;

    const change = (changes: UserChange) => usersOf(app).update(ada.subject, changes, BY_TEST);

    beforeAll(async () => {
      app = running();
      ada = await aUser(app, { name: 'Ada Lovelace', email: EMAIL, email_verified: true });
      await change({ groups: ['platform-admins', 'on-call'], attributes: { roles: ['editor'] } });
    });

    /** As go-oidc does: RS256 alone, the client as the audience. */
    const idTokenOf = async (client: TestClient, { id_token }: Answer['body']): Promise<JWTPayload> => {
      const options = { audience: client.clientId, typ: 'JWT', algorithms: ['RS256'], requiredClaims: ['sub', 'iat'] };
      return (await verifyAtResource(app, id_token, options)).payload;
    };
    const tokensOf = async (client: TestClient, asked: Record<string, string | null>) =>
      (await signInAndExchange(app, client, ada, asked)).body;

    describe('Grafana', () => {
      const redirect_uri = 'https://grafana.example.com/login/generic_oauth';
      /** role_attribute_path = contains(roles[*], 'admin') && 'Admin' || contains(roles[*], 'editor') && 'Editor' || 'Viewer' */
      const roleIn = ({ roles = [] }: { roles?: string[] }) =>
        roles.includes('admin') ? 'Admin' : roles.includes('editor') ? 'Editor' : 'Viewer';
      const userinfo = async ({ access_token }: Answer['body']) =>
        (await send(`${app.url}/userinfo`, { headers: bearer(access_token) })).body;

      it('finds the e-mail address and the roles at userinfo', async () => {
        const scope = 'openid email profile offline_access roles';
        const client = await webClient(app, { scopes: scope.split(' '), redirectUris: [redirect_uri] });
        const found = await userinfo(await tokensOf(client, { scope, redirect_uri }));
        expect([found.email, found.name, roleIn(found)]).toEqual([EMAIL, 'Ada Lovelace', 'Editor']);
      });

      it('finds groups as roles where the client renames them, in the ID token too', async () => {
        const scope = 'openid email profile groups';
        const client = await webClient(app, {
          scopes: scope.split(' '),
          redirectUris: [redirect_uri],
          idTokenClaims: ['groups'],
          claimNames: ['groups=roles'],
        });
        const tokens = await tokensOf(client, { scope, redirect_uri });
        for (const found of [await userinfo(tokens), await idTokenOf(client, tokens)]) {
          expect(found).toMatchObject({ roles: ['platform-admins', 'on-call'] });
          expect(found).not.toHaveProperty('groups');
        }
      });
    });

    describe('Argo CD', () => {
      // requestedScopes: ["openid", "profile", "email", "groups"]
      const scope = 'openid profile email groups';
      // requestedIDTokenClaims: {"groups": {"essential": true}}
      const claims = JSON.stringify({ id_token: { groups: { essential: true } } });

      it('finds the groups in the ID token because it asks for them there', async () => {
        const redirect_uri = 'https://argocd.example.com/auth/callback';
        const client = await webClient(app, {
          scopes: scope.split(' '),
          redirectUris: [redirect_uri],
          requirePkce: false,
        });
        const asked = { scope, claims, redirect_uri, code_challenge: null, code_challenge_method: null };
        const authorization = new Authorization(client, asked);
        const code = (await authorize(app, ada, authorization)).get('code')!;
        const { body } = await authorization.exchange(app, client, code, { code_verifier: '' });
        expect((await idTokenOf(client, body))['groups']).toEqual(['platform-admins', 'on-call']);
      });

      it('finds them from its command line, a public client on a loopback address', async () => {
        const redirect_uri = 'http://localhost:8085/auth/callback';
        const cli = await browserClient(app, { scopes: scope.split(' '), redirectUris: [redirect_uri] });
        const tokens = await tokensOf(cli, { scope, claims, redirect_uri });
        expect((await idTokenOf(cli, tokens))['groups']).toEqual(['platform-admins', 'on-call']);
      });
    });

    describe('kubectl', () => {
      // --oidc-username-claim=email --oidc-groups-claim=groups --oidc-username-prefix=oidc: --oidc-groups-prefix=oidc:
      const identityIn = ({ email, email_verified, groups = [] }: JWTPayload) => ({
        username: email_verified === true ? `oidc:${String(email)}` : undefined,
        groups: (groups as string[]).map((group) => `oidc:${group}`),
      });

      it('brings an ID token with e-mail address and groups, which follow the user at each refresh', async () => {
        const scope = 'openid email groups offline_access';
        const redirect_uri = 'http://localhost:8000';
        const client = await browserClient(app, {
          scopes: scope.split(' '),
          redirectUris: [redirect_uri],
          idTokenClaims: ['email', 'email_verified', 'groups'],
        });
        const tokens = await tokensOf(client, { scope, redirect_uri });
        expect(identityIn(await idTokenOf(client, tokens))).toEqual({
          username: `oidc:${EMAIL}`,
          groups: ['oidc:platform-admins', 'oidc:on-call'],
        });
        await change({ removeGroups: ['platform-admins'] });
        const refreshed = (await refresh(app, client, tokens.refresh_token)).body;
        await change({ groups: ['platform-admins', 'on-call'] });
        expect(identityIn(await idTokenOf(client, refreshed)).groups).toEqual(['oidc:on-call']);
      });
    });
  });
}
