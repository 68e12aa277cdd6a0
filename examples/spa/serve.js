/** Serves this folder's page, and oidc-client-ts, on loopback: static files are all that the application needs. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

const { ISSUER = 'http://127.0.0.1:3000', CLIENT_ID, PORT = '4000' } = process.env;
if (!CLIENT_ID) throw new Error('CLIENT_ID is not set: README.md says how to register the client');

const file = (path, type) => ({ type, body: () => readFile(new URL(path, import.meta.url)) });
const files = {
  '/': file('index.html', 'text/html'),
  '/app.js': file('app.js', 'text/javascript'),
  '/style.css': file('../style.css', 'text/css'),
  '/oidc-client-ts.js': file(
    new URL('../browser/oidc-client-ts.min.js', import.meta.resolve('oidc-client-ts')),
    'text/javascript',
  ),
  '/settings.json': {
    type: 'application/json',
    body: async () => JSON.stringify({ issuer: ISSUER, clientId: CLIENT_ID }),
  },
};

/** Only these scripts run, and they can talk only to the issuer: injected code has nowhere to send a token. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src data:',
  `connect-src 'self' ${new URL(ISSUER).origin}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const server = createServer(async ({ url = '/' }, response) => {
  const path = url.split('?', 1)[0];
  if (!Object.hasOwn(files, path)) return void response.writeHead(404).end();
  const { type, body } = files[path];
  response
    .writeHead(200, {
      'content-type': `${type}; charset=utf-8`,
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer', // the address holds the code for a moment
      'cache-control': 'no-cache',
    })
    .end(await body());
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`The application is at http://127.0.0.1:${PORT}/`));
