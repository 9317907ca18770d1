// A load test for k6 (https://grafana.com/docs/k6/latest/javascript-api/k6-websockets/).
//
//   k6 run -e URL=wss://example.test/socket -e SHARE=0.01 load-test.js
//
// URL    where your server takes WebSockets
// SHARE  the part of the audience that this machine plays; each client is a virtual user
// RAMP   how long it takes until all are connected
// HOLD   how long they stay
//
// What the server sends by itself, and to whom it passes messages on, is up to the server: the test
// counts what arrives. A flow that runs in a part of a session is spread over all of it.
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';
import { clearInterval, setInterval, setTimeout } from 'k6/timers';
import { WebSocket } from 'k6/websockets';

const KINDS = [/* the plan */];
const URL = __ENV.URL || 'ws://localhost:8080';
const SHARE = Number(__ENV.SHARE || 0.001);
const RAMP = __ENV.RAMP || '5m';
const HOLD = __ENV.HOLD || '10m';
const OPEN = 1;

const opened = new Counter('connections_opened');
const failed = new Counter('connections_failed');
const sent = new Counter('messages_sent');
const received = new Counter('messages_received');

export const options = {
  scenarios: Object.fromEntries(
    KINDS.map((kind, number) => [
      `kind_${number}`,
      {
        executor: 'ramping-vus',
        exec: 'client',
        env: { KIND: String(number) },
        startVUs: 0,
        stages: [
          { duration: RAMP, target: Math.max(1, Math.round(kind.peakConnections * SHARE)) },
          { duration: HOLD, target: Math.max(1, Math.round(kind.peakConnections * SHARE)) },
        ],
        gracefulStop: '0s',
      },
    ]),
  ),
};

const any = (values) => values[Math.floor(Math.random() * values.length)];

// Who is connected when the test begins has been so for a while: a session that is met by chance is
// a long one, and any part of it is left.
const rest = (values) => {
  let mark = Math.random() * values.reduce((sum, each) => sum + each, 0);
  return Math.random() * (values.find((each) => (mark -= each) < 0) ?? values[0]);
};

const exponential = (mean) => -mean * Math.log(1 - Math.random());

const send = (socket, bytes) => {
  if (socket.readyState !== OPEN) return;
  socket.send('x'.repeat(bytes));
  sent.add(1);
};

// A message of a flow, and then the next; until the session ends.
const next = (socket, flow) => {
  if (socket.readyState !== OPEN || !(flow.perHour > 0)) return;
  const mean = 3600000 / flow.perHour;
  const wait = flow.synchronized ? mean - (Date.now() % mean) : exponential(mean);
  setTimeout(() => {
    send(socket, any(flow.bytes));
    next(socket, flow);
  }, wait);
};

export function client() {
  const kind = KINDS[Number(__ENV.KIND)];
  const isFirst = exec.vu.iterationInScenario === 0;
  const seconds = isFirst ? rest(kind.sessionSeconds) : any(kind.sessionSeconds);
  const socket = new WebSocket(URL);
  let beats;
  socket.addEventListener('open', () => {
    opened.add(1);
    const greeting = any(kind.greetingBytes);
    if (greeting > 0) send(socket, greeting);
    kind.flows.forEach((flow) => next(socket, flow));
    const beat = kind.heartbeat;
    if (beat) {
      beats = setInterval(
        () => (beat.isMessage ? send(socket, beat.bytes) : socket.ping()),
        1000 * beat.everySeconds,
      );
    }
    setTimeout(() => socket.close(), 1000 * seconds);
  });
  socket.addEventListener('message', () => received.add(1));
  socket.addEventListener('error', () => failed.add(1));
  socket.addEventListener('close', () => beats !== undefined && clearInterval(beats));
}
