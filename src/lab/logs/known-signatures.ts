/** Something that logs say in known words. */
export interface KnownSignature {
  name: string;
  /** What it looks like, in any case of its letters. */
  pattern: RegExp;
  /** What seeing it means for the stack. */
  verdict: 'warn' | 'fail';
  meaning: string;
  advice: string;
}

/** Texts that PostgreSQL, PgBouncer, Redis, nginx, Node, Python and the kernel have for what goes wrong under load. */
export const knownSignatures: readonly KnownSignature[] = [
  {
    name: 'idle transaction timeout',
    pattern: /idle[- ]in[- ]transaction[- ]timeout|idle transaction timeout|IdleInTransactionSessionTimeout/i,
    verdict: 'fail',
    meaning: 'PostgreSQL or PgBouncer closed connections whose transactions were left open',
    advice:
      'gaugeway pg stuck shows who holds transactions; end them before other work (HTTP, tools) is awaited',
  },
  {
    name: 'no connection slots left',
    pattern: /remaining connection slots are reserved/i,
    verdict: 'fail',
    meaning: "PostgreSQL's max_connections is used up",
    advice:
      'put PgBouncer before it, or make the pools smaller: replicas × pool size must stay below max_connections',
  },
  {
    name: 'too many clients',
    pattern:
      /too many clients already|no more connections allowed|too many connections for (?:role|database)/i,
    verdict: 'fail',
    meaning: 'PostgreSQL or PgBouncer refuses connections: its limit is reached',
    advice: 'gaugeway pg connections shows whose they are; make the pools smaller, or raise max_client_conn',
  },
  {
    name: 'query_wait_timeout',
    pattern: /query_wait_timeout/i,
    verdict: 'fail',
    meaning: 'clients of PgBouncer waited longer than it allows for a server connection',
    advice:
      'gaugeway pg pool shows the queue; look for held transactions first, then raise default_pool_size',
  },
  {
    name: 'connection pool timeout',
    pattern:
      /QueuePool limit of size|timeout exceeded when trying to connect|Timed out fetching a new connection from the connection pool|PoolTimeout\b|remaining connections? in pool: 0/i,
    verdict: 'fail',
    meaning: "the application's own pool had no free connection in time",
    advice: 'find what holds connections (gaugeway pg stuck) before the pool is made larger',
  },
  {
    name: 'statement timeout',
    pattern: /canceling statement due to statement timeout/i,
    verdict: 'fail',
    meaning: 'statements ran longer than statement_timeout',
    advice: 'gaugeway pg statements names the slow ones, gaugeway pg explain says why',
  },
  {
    name: 'lock timeout',
    pattern: /canceling statement due to lock timeout/i,
    verdict: 'fail',
    meaning: 'statements waited longer than lock_timeout for a lock',
    advice: 'gaugeway pg locks shows who waits for whom',
  },
  {
    name: 'deadlock',
    pattern: /deadlock detected/i,
    verdict: 'fail',
    meaning: 'transactions waited for each other and one was ended',
    advice: 'take locks in one order everywhere; the DETAIL lines name the statements',
  },
  {
    name: 'connection refused',
    pattern: /ECONNREFUSED|connect\(\) failed \(111|connection refused/i,
    verdict: 'fail',
    meaning: 'nobody listened where something connected to',
    advice: 'see whether that service was restarted, or its backlog was full',
  },
  {
    name: 'connection reset',
    pattern: /ECONNRESET|EPIPE\b|socket hang up|connection reset by peer|broken pipe/i,
    verdict: 'warn',
    meaning: 'the other side closed a connection in use',
    advice: 'compare the keep-alive and idle timeouts of both sides: the client side has to close first',
  },
  {
    name: 'server closed the connection',
    pattern: /server closed the connection unexpectedly|terminating connection due to administrator command/i,
    verdict: 'fail',
    meaning: 'the database ended connections in use',
    advice: 'look into its own log for the reason: a restart, a crash, or a timeout',
  },
  {
    name: 'upstream closed early',
    pattern: /upstream prematurely closed connection/i,
    verdict: 'fail',
    meaning: 'a gateway behind nginx closed connections without an answer',
    advice:
      "look for crashes and worker time-outs in the gateway's log at these seconds; its keep-alive must outlast nginx's",
  },
  {
    name: 'upstream timed out',
    pattern: /upstream timed out/i,
    verdict: 'fail',
    meaning: 'a gateway behind nginx did not answer within proxy_read_timeout',
    advice: 'find what the gateway waits for; a longer timeout only lengthens the queue',
  },
  {
    name: 'no live upstreams',
    pattern: /no live upstreams/i,
    verdict: 'fail',
    meaning: 'nginx took every gateway out of service after failures',
    advice: 'see the failures before it; max_fails and fail_timeout decide how soon nginx gives up',
  },
  {
    name: 'worker_connections used up',
    pattern: /worker_connections are not enough/i,
    verdict: 'fail',
    meaning: 'nginx has no connection left for further clients',
    advice: 'raise worker_connections: each proxied request takes two',
  },
  {
    name: 'too many open files',
    pattern: /EMFILE|ENFILE|too many open files/i,
    verdict: 'fail',
    meaning: 'a process or the machine has no file descriptor left',
    advice: 'raise LimitNOFILE or ulimit -n, and look for connections that are never closed',
  },
  {
    name: 'worker timeout',
    pattern: /WORKER TIMEOUT/,
    verdict: 'fail',
    meaning: 'gunicorn killed a worker that did not answer it in time',
    advice: 'look for blocking calls in the worker: gaugeway cpu record on its process',
  },
  {
    name: 'heap out of memory',
    pattern: /heap out of memory|JavaScript heap|java\.lang\.OutOfMemoryError/i,
    verdict: 'fail',
    meaning: 'a process used up its heap and ended',
    advice: 'watch its memory with gaugeway stats; take a heap profile before the limit is raised',
  },
  {
    name: 'killed for want of memory',
    pattern: /OOMKilled|oom[-_]?kill|Out of memory: Killed process|Memory cgroup out of memory/i,
    verdict: 'fail',
    meaning: 'the kernel killed a process because its memory limit was reached',
    advice: 'gaugeway stats shows memory against its limit',
  },
  {
    name: 'Redis maxclients',
    pattern: /max number of clients reached/i,
    verdict: 'fail',
    meaning: 'Redis refuses connections',
    advice: 'make the pools smaller or raise maxclients',
  },
  {
    name: 'Redis out of memory',
    pattern: /OOM command not allowed/i,
    verdict: 'fail',
    meaning: 'Redis refuses writes: maxmemory is reached and nothing may be evicted',
    advice: 'set an eviction policy and TTLs; gaugeway redis keys shows what takes the room',
  },
  {
    name: 'Redis read-only',
    pattern: /READONLY You can't write against a read only/i,
    verdict: 'fail',
    meaning: 'writes go to a replica of Redis',
    advice: 'connect to the primary; after a failover the client has to follow it',
  },
  {
    name: 'Redis busy',
    pattern: /BUSY Redis is busy running a script/i,
    verdict: 'fail',
    meaning: 'a script blocks Redis for everybody',
    advice: 'shorten the script, or run it where nobody waits',
  },
  {
    name: 'Redis timeout',
    pattern:
      /redis\.exceptions\.TimeoutError|Timeout reading from (?:socket|redis)|Command timed out.{0,40}redis/i,
    verdict: 'warn',
    meaning: 'Redis did not answer in time',
    advice: 'gaugeway redis slowlog shows commands that hold it up',
  },
  {
    name: 'disk full',
    pattern: /ENOSPC|No space left on device/i,
    verdict: 'fail',
    meaning: 'a disk is full',
    advice: 'make room: databases stop and logs are lost',
  },
];

const anySignature = new RegExp(knownSignatures.map(({ pattern }) => pattern.source).join('|'), 'i');

/** The first signature that a text has; undefined when it has none. */
export function signatureOf(text: string): KnownSignature | undefined {
  // Most texts have none, and one pattern is much quicker than all of them.
  if (!anySignature.test(text)) return undefined;
  return knownSignatures.find(({ pattern }) => pattern.test(text));
}

/** The signature of this name. */
export function signatureNamed(name: string): KnownSignature | undefined {
  return knownSignatures.find((signature) => signature.name === name);
}
