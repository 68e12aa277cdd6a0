import { Injectable } from '@nestjs/common';
import { createTransport } from 'nodemailer';
import { Config } from '../platform/config/config.js';
import type { MailMessage } from './mail-message.js';

/** Each step of an attempt: an SMTP server may take its time to greet (RFC 5321 §4.5.3.2 allows minutes). */
const STEP_MS = 20_000;

export interface SmtpFailure {
  /** `smtp_550`, or the library's code like `econnection`; nothing that the server or the user wrote. */
  readonly reason: string;
  /** The server refused this recipient or message for good (RFC 5321 §4.2.1: 5yz). */
  readonly isFinal: boolean;
}

/** Hands mails to the SMTP server of the settings. */
@Injectable()
export class Smtp {
  private readonly transport: ReturnType<typeof createTransport> | undefined;
  private readonly from: { readonly name: string; readonly address: string };

  constructor(config: Config) {
    this.from = senderOf(config);
    this.transport =
      config.smtpUrl === undefined
        ? undefined
        : createTransport({
            url: config.smtpUrl,
            connectionTimeout: STEP_MS,
            greetingTimeout: STEP_MS,
            socketTimeout: STEP_MS,
            dnsTimeout: STEP_MS,
            disableFileAccess: true,
            disableUrlAccess: true,
          });
  }

  get isConfigured(): boolean {
    return this.transport !== undefined;
  }

  /** Never rejects. @returns undefined once the server has accepted the mail */
  async send({ id, to, subject, text, html }: MailMessage): Promise<SmtpFailure | undefined> {
    const { transport, from } = this;
    if (!transport) return { reason: 'no_smtp', isFinal: false };
    try {
      await transport.sendMail({
        from,
        // Not parsed: an address is one recipient, whatever is in it.
        to: { name: '', address: to },
        subject,
        text,
        html,
        // The same at each attempt, so that a mail that was accepted twice can be seen as one.
        messageId: `<${id}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
        // RFC 3834: no vacation notices.
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
      return undefined;
    } catch (error) {
      const { code, responseCode } = error as { code?: string; responseCode?: number };
      const isAboutMail = code === 'EENVELOPE' || code === 'EMESSAGE';
      return {
        reason: responseCode === undefined ? (code ?? 'unknown').toLowerCase() : `smtp_${responseCode}`,
        isFinal: isAboutMail && responseCode !== undefined && responseCode >= 500,
      };
    }
  }
}

/** Named like the service, unless the setting has a name. */
function senderOf({ mailFrom = '', brandName }: Pick<Config, 'mailFrom' | 'brandName'>) {
  const [, name = brandName, address = mailFrom] = /^(.+) <(.+)>$/.exec(mailFrom) ?? [];
  return { name, address };
}
