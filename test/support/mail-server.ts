/** A real SMTP server on loopback. It keeps the mails that it accepts. */
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { freePort } from './server-process.js';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Names in lower case, decoded. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly html: string;
}

export class MailServer {
  readonly mails: ReceivedMail[] = [];
  /** Answers to RCPT TO, by address. */
  readonly refusals = new Map<string, number>();
  private server: SMTPServer | undefined;

  private constructor(readonly port: number) {}

  static async start(): Promise<MailServer> {
    const server = new MailServer(await freePort());
    await server.up();
    return server;
  }

  /** The settings of a service that sends its mails here. */
  get environment(): Record<string, string> {
    return { REKEY_SMTP_URL: `smtp://127.0.0.1:${this.port}`, REKEY_MAIL_FROM: 'rekey@id.example' };
  }

  /** The mails to an address, oldest first. */
  to(address: string): ReceivedMail[] {
    return this.mails.filter((mail) => mail.to.includes(address));
  }

  async up(): Promise<void> {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      logger: false,
      onRcptTo: ({ address }, _session, done) => {
        const code = this.refusals.get(address);
        done(code === undefined ? null : Object.assign(new Error('Refused'), { responseCode: code }));
      },
      onData: (stream, { envelope }, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
          const to = envelope.rcptTo.map(({ address }) => address);
          this.mails.push({ from, to, ...parse(Buffer.concat(chunks).toString('latin1')) });
          done();
        });
      },
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    if ((server.server.address() as AddressInfo).port !== this.port)
      throw new Error('The SMTP server is at another port');
  }

  async down(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server) await new Promise<void>((resolve) => server.close(resolve));
  }
}

/** A message of two alternatives (RFC 2046 §5.1.4), which is what the service sends. */
function parse(raw: string): Pick<ReceivedMail, 'headers' | 'text' | 'html'> {
  const message = part(raw);
  const [, boundary = ''] = /boundary="?([^";]+)/.exec(message.headers['content-type'] ?? '') ?? [];
  const parts = message.body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((each) => part(each.replace(/^\r\n/, '')));
  const of = (type: string): string => {
    const found = parts.find(({ headers }) => headers['content-type']?.startsWith(type));
    return found ? decoded(found.body, found.headers['content-transfer-encoding']) : '';
  };
  return { headers: message.headers, text: of('text/plain'), html: of('text/html') };
}

function part(raw: string): { headers: Record<string, string>; body: string } {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), words(line.slice(colon + 1).trim())];
  });
  return { headers: Object.fromEntries(headers) as Record<string, string>, body: raw.slice(end + 4) };
}

/** Encoded words (RFC 2047). */
const words = (value: string): string =>
  value
    .replace(/\?= =\?/g, '?==?')
    .replace(/=\?utf-8\?([qb])\?([^?]*)\?=/gi, (_, encoding: string, text: string) =>
      decoded(text.replaceAll('_', encoding === 'B' ? '_' : ' '), encoding === 'B' ? 'base64' : 'quoted-printable'),
    );

function decoded(text: string, encoding = '7bit'): string {
  if (encoding === 'base64') return Buffer.from(text, 'base64').toString('utf8');
  if (encoding !== 'quoted-printable') return Buffer.from(text, 'latin1').toString('utf8');
  const bytes = text
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
