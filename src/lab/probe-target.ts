import { request } from 'undici';
import { GaugewayError, messageOf } from '../shared/errors.ts';
import { labAgentHeader } from '../shared/lab-agent.ts';

const answerTimeoutMs = 5000;

/**
 * Makes sure that something answers HTTP at the target, whatever it says, before time is spent on a run.
 * Throws GaugewayError source_unreadable.
 */
export async function probeTarget(gatewayUrl: string, signal: AbortSignal): Promise<void> {
  try {
    const { body } = await request(`${gatewayUrl}/health`, {
      headers: labAgentHeader,
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)]),
    });
    await body.dump();
  } catch (error) {
    if (signal.aborted) throw new GaugewayError('interrupted', 'interrupted', { cause: error });
    throw new GaugewayError('source_unreadable', `${gatewayUrl} does not answer: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
