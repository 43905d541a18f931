/**
 * Loaded before a service: connections to some local ports go to others. Brokers tell their clients where to connect,
 * so that a proxy in front of them is passed by unless the client is turned round. REDIRECT is JSON of port to port.
 */
import { Socket } from 'node:net';
import { env } from 'node:process';

const ports = JSON.parse(env.REDIRECT ?? '{}');
const { connect } = Socket.prototype;

Socket.prototype.connect = function (...args) {
  const [first] = args;
  // `net.connect` hands its arguments over as an array that begins with the options.
  const options = Array.isArray(first) ? first[0] : first;
  if (typeof options === 'object' && ports[options.port] !== undefined) {
    options.port = ports[options.port];
  }
  return connect.apply(this, args);
};
