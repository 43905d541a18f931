/**
 * Loaded before a script that run.mjs starts: asks this process to end, as SIGTERM does, when run.mjs is gone. The pipe
 * on descriptor 3 is never written to; its other end closes however run.mjs ends, also by kill -9.
 */
import { Socket } from 'node:net';
import process from 'node:process';

const parent = new Socket({ fd: 3, readable: true, writable: false });
parent.on('error', () => undefined);
parent.once('close', () => process.kill(process.pid, 'SIGTERM'));
parent.resume();
parent.unref();
