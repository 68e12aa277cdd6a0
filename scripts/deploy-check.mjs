/**
 * Checks the deployment files without a container engine: the Dockerfile with a linter, the Compose file against the settings and
 * the proxy's configuration, and that configuration with nginx, if it is installed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';

const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const problems = [];
const demand = (holds, problem) => holds || problems.push(problem);

function checkDockerfile() {
  const dockerfile = read('Dockerfile');
  for (const { range, message } of validate(dockerfile))
    problems.push(`Dockerfile:${range.start.line + 1}: ${message}`);
  const lastStage = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
  demand(/^USER (?!root|0\b)/m.test(lastStage), 'Dockerfile: the service must not run as root');
  demand(/^HEALTHCHECK /m.test(lastStage), 'Dockerfile: no health check');
  demand(/^CMD \["node",/m.test(lastStage), 'Dockerfile: node itself must get the signals (CMD in exec form)');
}

/** The environment variables in a text, each with its suffix: `:?message`, `:-default` or nothing. */
const interpolated = (text) =>
  [...text.matchAll(/\$\{([A-Z_]+)(:?[?-])?/g)].map(([, name, operator]) => [name, operator]);

const explainedIn = (path) => new Set([...read(path).matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name));

function checkCompose() {
  const text = read('docker-compose.yml');
  const { services } = parse(text, { merge: true });
  const replicas = Object.keys(services).filter((name) => services[name].image.startsWith('rekey:'));
  demand(replicas.length >= 2, 'compose: fewer than two replicas');

  const documented = explainedIn('deploy/compose.env.example');
  const used = new Set();
  for (const [name, operator] of interpolated(text.replace(/^\s*#.*$/gm, ''))) {
    used.add(name);
    demand(operator === ':?' || name === 'REKEY_HTTPS_PORT', `compose: ${name} must be demanded, not defaulted`);
    demand(documented.has(name), `compose: ${name} is not in deploy/compose.env.example`);
  }
  for (const name of documented)
    demand(used.has(name), `deploy/compose.env.example: ${name} is not in docker-compose.yml`);

  const settings = explainedIn('.env.example');
  for (const replica of replicas) {
    for (const name of Object.keys(services[replica].environment)) {
      demand(settings.has(name), `compose: ${replica} sets ${name}, which is no setting`);
    }
    const trusted = services[replica].environment.REKEY_TRUSTED_PROXIES;
    demand(
      trusted === services.proxy.networks.front.ipv4_address,
      `compose: ${replica} trusts another address than the proxy's`,
    );
    demand(
      read('deploy/nginx.conf').includes(`server ${replica}:3000 `),
      `deploy/nginx.conf: ${replica} is not in the upstream`,
    );
  }

  for (const [name, service] of Object.entries(services)) {
    demand(name === 'proxy' || !service.ports, `compose: ${name} publishes a port`);
    demand(/:\d/.test(service.image), `compose: the image of ${name} has no version`);
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      demand(condition === 'service_healthy', `compose: ${name} does not wait for a healthy ${other}`);
      demand(services[other].healthcheck || replicas.includes(other), `compose: ${other} has no health check`);
    }
  }
  demand(services.redis.command.includes('noeviction'), 'compose: Redis may evict revocations');
}

const installed = (program) => spawnSync(program, ['-v']).error === undefined;

function checkProxy() {
  if (!installed('nginx') || !installed('openssl')) return 'not checked by nginx, which is not installed here';
  const root = mkdtempSync(join(tmpdir(), 'rekey-nginx-'));
  try {
    const certificate = ['-keyout', join(root, 'privkey.pem'), '-out', join(root, 'fullchain.pem')];
    spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', ...certificate]);
    const configuration = read('deploy/nginx.conf')
      .replaceAll('/etc/nginx/tls', root)
      .replace(/\/dev\/std(out|err)/g, `${root}/log`)
      .replace(/server rekey-\d:/g, 'server 127.0.0.1:');
    writeFileSync(join(root, 'nginx.conf'), configuration);
    const { status, stderr } = spawnSync('nginx', [
      '-t',
      '-q',
      '-p',
      root,
      '-c',
      'nginx.conf',
      '-g',
      `pid ${root}/pid;`,
    ]);
    demand(status === 0, `deploy/nginx.conf: ${stderr}`);
    return 'checked by nginx';
  } finally {
    rmSync(root, { recursive: true });
  }
}

checkDockerfile();
checkCompose();
const proxy = checkProxy();
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
} else {
  console.log(`deployment: Dockerfile and docker-compose.yml are in order; deploy/nginx.conf ${proxy}`);
}
