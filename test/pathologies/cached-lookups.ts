import { Redis } from 'ioredis';
import { delayRequests } from './delay-requests.ts';

const { GAUGEWAY_TEST_REDIS: url, GAUGEWAY_TEST_CACHE: kind } = process.env;
if (url === undefined) throw new Error('GAUGEWAY_TEST_REDIS is not set: this module runs inside the gateway');
const redis = new Redis(url, { lazyConnect: true });
redis.on('error', () => undefined);
await redis.connect();
// The fault must not keep the gateway from ending.
redis.stream.unref();

const differentKeys = 20;
let asked = 0;

/** Looks a principal up before each request and stores it for next time: by a key that comes again, or by one that never does. */
delayRequests(
  ({ url: path }) => path.startsWith('/mcp'),
  async () => {
    asked += 1;
    const key = `auth:ctx:${kind === 'cold' ? asked : asked % differentKeys}`;
    if ((await redis.get(key)) === null) await redis.setex(key, 60, 'principal');
  },
);
