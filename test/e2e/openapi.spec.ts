/** The OpenAPI document of the admin API: public, stored in the repository, and true. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { admin, callAdmin } from '../support/admin.js';
import type { Answer } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

const DEFAULT_ISSUER = 'http://127.0.0.1:3000';

let app: TestApp;
let answer: Answer;

beforeAll(async () => {
  app = await startApp({ environment: { REKEY_ISSUER: DEFAULT_ISSUER } });
  answer = await callAdmin(app, 'GET', '/openapi.json', {});
});
afterAll(() => app.close());

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Record<string, Schema>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly allOf?: readonly Schema[];
}

interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly security?: unknown;
  readonly responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

const operations = (): Operation[] =>
  Object.values(answer.body.paths as Record<string, Record<string, Operation>>).flatMap((methods) =>
    Object.values(methods),
  );

describe('the document', () => {
  it('the document equals docs/openapi.json, which `npm run openapi` rewrites', () => {
    const kept: unknown = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'));
    expect(answer.body).toEqual(kept);
  });

  it('the document is public and may be cached', () => {
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(answer.headers.get('cache-control')).toMatch(/^public, max-age=\d+$/);
    expect(answer.headers.get('pragma')).toBeNull();
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('the document names the server by its issuer, and its token endpoint', async () => {
    const other = await startApp({ environment: { REKEY_ISSUER: 'https://id.example.com/tenant' } });
    const { url } = other;
    const { body } = await callAdmin({ url: `${url}/tenant` }, 'GET', '/openapi.json', {});
    expect(body.servers).toEqual([{ url: 'https://id.example.com/tenant' }]);
    const { clientCredentials } = body.components.securitySchemes.admin.flows;
    expect(clientCredentials.tokenUrl).toBe('https://id.example.com/tenant/token');
    expect(Object.keys(body.paths)).toEqual(Object.keys(answer.body.paths));
    await other.close();
  });

  it('the document describes the admin API and none of the OAuth endpoints', () => {
    expect(Object.keys(answer.body.paths).filter((path) => !path.startsWith('/admin/v1/'))).toEqual([]);
  });

  it('every operation has a summary, its security and its errors', () => {
    const names = operations().map(({ operationId }) => operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const { summary, security, responses } of operations()) {
      expect(summary).toMatch(/^[A-Z]/);
      expect(security).toEqual([{ admin: [expect.stringMatching(/^rekey:/)] }]);
      expect(Object.keys(responses.default?.content ?? {})).toEqual(['application/problem+json']);
    }
  });

  it('every reference in the document resolves', () => {
    const references = [...answer.text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference!);
    expect(references.length).toBeGreaterThan(20);
    const known = Object.keys(answer.body.components.schemas as object).map((name) => `#/components/schemas/${name}`);
    expect(references.filter((reference) => !known.includes(reference))).toEqual([]);
  });
});

describe('the answers', () => {
  /** The paths at which a value violates the schema; unknown members count too. */
  function differences(value: unknown, schema: Schema, path = '$'): string[] {
    const inner = schema.allOf?.[0] ?? schema;
    if (inner.$ref) return differences(value, answer.body.components.schemas[inner.$ref.split('/').at(-1)!], path);
    if (inner.enum && !inner.enum.includes(value)) return [`${path}: ${String(value)} is none of the choices`];
    if (inner.type === 'array') {
      if (!Array.isArray(value)) return [`${path}: no array`];
      return value.flatMap((item, index) => differences(item, inner.items!, `${path}[${index}]`));
    }
    if (inner.type === 'object') return ofObject(value as Record<string, unknown>, inner, path);
    if (inner.type === 'integer') return Number.isInteger(value) ? [] : [`${path}: no integer`];
    return typeof value === inner.type ? [] : [`${path}: no ${inner.type}`];
  }

  function ofObject(value: Record<string, unknown>, { properties, required = [] }: Schema, path: string): string[] {
    if (!properties) return [];
    const missing = required.filter((name) => !(name in value)).map((name) => `${path}.${name}: missing`);
    const wrong = Object.entries(value).flatMap(([name, member]) =>
      properties[name] ? differences(member, properties[name], `${path}.${name}`) : [`${path}.${name}: unknown`],
    );
    return [...missing, ...wrong];
  }

  it('responses match their schemas, to the last member', async () => {
    const caller = await admin(app);
    const client = { name: 'Documented', type: 'confidential', scopes: ['a'] };
    const id = (await caller.post('/clients', client)).body.client_id;
    const family = { client_id: id, subject: 'documented', scope: 'a' };
    const { familyId } = (await caller.post('/families', family)).body;
    const secret = { expires_at: '2031-01-01T00:00:00Z' };
    const calls: [method: 'get' | 'post' | 'patch' | 'delete', route: string, path: string, body?: unknown][] = [
      ['post', '/clients', '/clients', client],
      ['get', '/clients', '/clients?limit=1'],
      ['get', '/clients/{client_id}', `/clients/${id}`],
      ['patch', '/clients/{client_id}', `/clients/${id}`, { name: 'Still documented' }],
      ['post', '/clients/{client_id}/secrets', `/clients/${id}/secrets`, secret],
      ['get', '/clients/{client_id}/secrets', `/clients/${id}/secrets`],
      ['post', '/families', '/families', family],
      ['get', '/families', '/families?limit=1'],
      ['post', '/revocations', '/revocations', { kind: 'family', value: familyId, reason: 'x' }],
      ['get', '/families/{family_id}', `/families/${familyId}`],
      ['post', '/revocations', '/revocations', { kind: 'client', value: id, reason: 'x', dry_run: true }],
      ['get', '/revocations', '/revocations'],
      ['patch', '/subjects/{subject}', '/subjects/documented', { disabled: true }],
      ['get', '/subjects/{subject}', '/subjects/documented'],
      ['get', '/audit', '/audit?limit=200'],
      ['post', '/keys/rotations', '/keys/rotations', {}],
      ['get', '/keys', '/keys'],
      ['post', '/scopes', '/scopes', { name: 'documented', texts: { en: 'x' }, into: ['access_token'], audience: 'y' }],
      ['get', '/scopes', '/scopes'],
      ['patch', '/scopes/{scope}', '/scopes/documented', { audience: null }],
      ['get', '/scopes/{scope}', '/scopes/documented'],
      ['delete', '/clients/{client_id}', `/clients/${id}`],
      ['get', '/clients/{client_id}', `/clients/${id}`],
      ['post', '/clients', '/clients', { name: 5 }],
    ];
    for (const [method, route, path, body] of calls) {
      const { status, headers, body: received } = await caller[method](path, body);
      const { responses } = answer.body.paths[`/admin/v1${route}`][method] as Operation;
      const described = responses[status] ?? responses.default;
      if (status === 204) continue;
      const type = headers.get('content-type')!.split(';')[0]!;
      const schema = described?.content?.[type]?.schema;
      expect({ route, status, type, isDescribed: schema !== undefined }).toEqual({
        route,
        status,
        type,
        isDescribed: true,
      });
      expect({ route, differences: differences(received, schema!) }).toEqual({ route, differences: [] });
    }
  });
});
