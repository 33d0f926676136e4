import { request } from 'undici';
import { outsideMessage } from '../../shared/outside-error.ts';
import { applyChecks, type Check, type Examination, fail, info, ok, warn } from './check.ts';

const boundMs = 5000;

/** How a gateway answered. */
export interface GatewayFacts {
  origin: string;
  health: number;
  /** Status of a request that changes nothing with the token, and without one. */
  withToken?: number;
  withoutToken: number;
  hasMetrics: boolean;
}

const refused = (status: number): boolean => status === 401 || status === 403;

/** Checks of a gateway that answers HTTP. */
export const gatewayChecks: readonly Check<GatewayFacts>[] = [
  {
    name: 'health',
    judge: ({ health, origin }) =>
      health < 300
        ? ok(`${origin} is healthy`)
        : warn(`GET /health answers ${health}`, `curl -s ${origin}/health`),
  },
  {
    name: 'token',
    judge({ withToken, withoutToken }) {
      const get = 'export GAUGEWAY_TOKEN=$(gaugeway token)  # needs the JWT_SECRET_KEY of the gateway';
      if (withToken === undefined) {
        return refused(withoutToken)
          ? fail('it asks for a token, and there is none', get)
          : ok('it asks for none');
      }
      return refused(withToken)
        ? fail(`the token is not accepted (${withToken})`, get)
        : ok('it is accepted');
    },
  },
  {
    name: 'metrics',
    judge: ({ hasMetrics }) =>
      hasMetrics
        ? ok('GET /metrics/prometheus answers')
        : info('GET /metrics/prometheus does not answer: no gateway metrics'),
  },
];

/** Asks for the health, and lists tools over REST with and without the token: two reads that any gateway allows. */
export const examineGateway: Examination = async ({ gatewayUrl, token }, signal) => {
  if (gatewayUrl === undefined) return [];
  const origin = gatewayUrl.replace(/\/+$/, '');
  const status = async (path: string, bearer?: string): Promise<number> => {
    const { statusCode, body } = await request(`${origin}${path}`, {
      headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(boundMs)]),
    });
    await body.dump();
    return statusCode;
  };
  try {
    const facts: GatewayFacts = {
      origin,
      health: await status('/health'),
      withoutToken: await status('/tools'),
      ...(token === undefined ? {} : { withToken: await status('/tools', token) }),
      hasMetrics: (await status('/metrics/prometheus', token)) < 300,
    };
    return applyChecks('gateway', gatewayChecks, facts);
  } catch (error) {
    const remedy = 'start it, or let gaugeway discover --force find where it listens now';
    return [
      { source: 'gateway', check: 'connection', ...fail(`${origin}: ${outsideMessage(error)}`, remedy) },
    ];
  }
};
