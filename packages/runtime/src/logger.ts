import {
  type DestinationStream,
  destination,
  type Logger as Pino,
  pino,
  stdTimeFunctions,
} from 'pino';
import { redact, redactText } from './redact.ts';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

type Write = (fields: object, message: string) => void;

/**
 * Writes lines of JSON. The message is lower case, past tense and without data; data goes into fields.
 * One line a batch at info, lines per event only at debug. Every field passes through `redact`.
 */
export interface Logger {
  readonly fatal: Write;
  readonly error: Write;
  readonly warn: Write;
  readonly info: Write;
  readonly debug: Write;
  readonly trace: Write;
  /** A logger that adds these fields to every line. */
  readonly child: (fields: object) => Logger;
}

export interface LoggerOptions {
  readonly service: string;
  readonly level: LogLevel;
  /** `stderr` for a command whose answer goes to stdout. */
  readonly to: 'stdout' | 'stderr' | DestinationStream;
}

/** Lines are written before the call returns, so that the last one before a crash is there. */
export function createLogger({ service, level, to }: LoggerOptions): Logger {
  const stream =
    typeof to === 'string' ? destination({ fd: to === 'stdout' ? 1 : 2, sync: true }) : to;
  const options = {
    level,
    base: { service, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return loggerOn(pino(options, stream));
}

function loggerOn(sink: Pino): Logger {
  const at =
    (level: Exclude<LogLevel, 'silent'>): Write =>
    (fields, message) => {
      if (sink.isLevelEnabled(level)) sink[level](redact(fields), redactText(message));
    };
  return {
    fatal: at('fatal'),
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    trace: at('trace'),
    child: (fields) => loggerOn(sink.child(redact(fields))),
  };
}
