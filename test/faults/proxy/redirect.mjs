/**
 * Preloaded into a service: redirects connections from some local ports to others. Clients connect to the addresses
 * that brokers advertise, and would bypass a proxy otherwise. REDIRECT is a JSON object, port to port.
 */
import { Socket } from 'node:net';
import { env } from 'node:process';

const ports = JSON.parse(env.REDIRECT ?? '{}');
const { connect } = Socket.prototype;

Socket.prototype.connect = function (...args) {
  const [first] = args;
  // `net.connect` passes its arguments as an array that starts with the options.
  const options = Array.isArray(first) ? first[0] : first;
  if (typeof options === 'object' && ports[options.port] !== undefined) {
    options.port = ports[options.port];
  }
  return connect.apply(this, args);
};
