/** The OpenAPI document of the admin API, generated from the decorators of its controllers. It is public. */
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import { ADMIN_SCOPE, type AdminRole } from '../oauth/scope.js';

/** The name of the security scheme of all operations. */
export const SECURITY_SCHEME = 'admin';

const DESCRIPTION = `Clients, secrets, token families, revocations, audit and keys of a Rekey server.

Every operation needs an access token with the scope that it names, or with \`${ADMIN_SCOPE}\`. An admin client gets one by
\`client_credentials\`, a user with that role by \`authorization_code\`. Every error is a problem details object (RFC 9457). Lists are paged: ask again with
\`cursor\` set to \`next_cursor\` until there is none.`;

const ROLES: Record<AdminRole, string> = {
  'rekey:read': 'See users, clients, families, revocations and keys.',
  'rekey:users': 'Change users, set passwords, end sessions.',
  'rekey:clients': 'Register and change clients, and their secrets.',
  'rekey:revoke': 'Revoke.',
  'rekey:audit': 'Read the audit log.',
  'rekey:keys': 'Rotate and retire signing keys.',
  'rekey:admin': 'Everything.',
};

const MAX_AGE_SECONDS = 300;

/** The document is generated on the first request, because most processes never get one. */
export function serveOpenApi(
  app: INestApplication,
  server: FastifyInstance,
  { path, issuer }: { path: string; issuer: string },
): void {
  let document: OpenAPIObject | undefined;
  server.get(path, (_request, reply) => {
    document ??= openApiDocument(app, issuer);
    void reply.header('cache-control', `public, max-age=${MAX_AGE_SECONDS}`).send(document);
  });
}

/** @public used by scripts/openapi.mjs */
export function openApiDocument(app: INestApplication, issuer: string): OpenAPIObject {
  const description = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Rekey admin API')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .addServer(issuer)
    .addOAuth2(
      {
        type: 'oauth2',
        flows: {
          clientCredentials: { tokenUrl: `${issuer}/token`, scopes: ROLES },
          authorizationCode: {
            authorizationUrl: `${issuer}/authorize`,
            tokenUrl: `${issuer}/token`,
            scopes: ROLES,
          },
        },
      },
      SECURITY_SCHEME,
    )
    .build();
  // The server's URL contains the issuer's path already.
  const document = SwaggerModule.createDocument(app, description, {
    ignoreGlobalPrefix: true,
    operationIdFactory: (_controller, method) => method,
  });
  const paths = Object.entries(document.paths).filter(([path]) => path.startsWith('/admin/'));
  return { ...document, paths: Object.fromEntries(paths) };
}
