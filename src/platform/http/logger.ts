/**
 * JSON logs, one event per line. Requests, headers and errors are never logged whole. Messages of libraries are redacted; the
 * access log is not, because it contains only chosen fields, and redacting would take longer than writing the line (17 of
 * 29 µs).
 */
import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';
import type { Config } from '../config/config.js';
import { prettyLine } from './pretty-log.js';

const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'client_secret',
  'secret',
  'password',
  'token',
  'access_token',
  'refresh_token',
  'client_assertion',
  'parameters',
  'query',
];

/**
 * Lines are written in chunks of this size, or after this time: one write per line would cost more than the line. A pipe takes
 * up to PIPE_BUF bytes as a whole, so the lines of several processes do not mix.
 */
const BUFFER_BYTES = 4095;
const PIPE_BUF = 4096;
const FLUSH_MS = 250;

export function createLogger(config: Pick<Config, 'logLevel' | 'logFormat' | 'environment'>): Logger {
  const destination = isForPeople(config)
    ? { write: (line: string) => void process.stdout.write(prettyLine(line)) }
    : pino.destination({ sync: false, minLength: BUFFER_BYTES, maxWrite: PIPE_BUF, periodicFlush: FLUSH_MS });
  return pino(
    {
      level: config.logLevel,
      base: null,
      messageKey: 'msg',
      formatters: { level: (level) => ({ level }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination,
  );
}

const isForPeople = ({ logFormat, environment }: Pick<Config, 'logFormat' | 'environment'>): boolean =>
  logFormat === undefined ? process.stdout.isTTY && environment !== 'production' : logFormat === 'pretty';

/** Writes Nest's messages to the same log, those of its start-up at level `debug`. */
export class NestLogger implements LoggerService {
  private readonly logger: Logger;

  constructor(logger: Logger) {
    this.logger = logger.child({}, { redact: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]) });
  }

  log(message: unknown, context?: string): void {
    this.write('debug', message, context);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest.at(-1));
  }

  warn(message: unknown, context?: string): void {
    this.write('warn', message, context);
  }

  debug(message: unknown, context?: string): void {
    this.write('debug', message, context);
  }

  verbose(message: unknown, context?: string): void {
    this.write('trace', message, context);
  }

  fatal(message: unknown, context?: string): void {
    this.write('fatal', message, context);
  }

  private write(level: 'trace' | 'debug' | 'warn' | 'error' | 'fatal', message: unknown, context: unknown): void {
    const fields = typeof message === 'object' && message !== null ? message : { msg: String(message) };
    this.logger[level]({ context, ...fields });
  }
}
