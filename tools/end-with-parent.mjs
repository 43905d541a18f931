/**
 * Loaded before a script that run.mjs starts: sends SIGTERM to this process when run.mjs has ended. No process writes to
 * the pipe on descriptor 3; its other end closes however run.mjs ends, also by kill -9.
 */
import { Socket } from 'node:net';
import process from 'node:process';

const parent = new Socket({ fd: 3, readable: true, writable: false });
parent.on('error', () => undefined);
parent.once('close', () => process.kill(process.pid, 'SIGTERM'));
parent.resume();
parent.unref();
