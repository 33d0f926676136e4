import { z } from 'zod';
import { GaugewayError } from '../../../shared/errors.ts';
import { parseJsonObject } from './swarm-request.ts';

/** What `POST /user` asks for: Locust sets attributes of a user class, here a scenario. */
export interface UserClassEdit {
  scenario: string;
  host?: string;
  /** Names of tasks, of which none can be taken away here. */
  tasks?: string[];
  /** Its share of the users beside other scenarios. */
  weight?: number;
}

const fields = z.strictObject({
  user_class_name: z.string().max(200),
  host: z.string().max(2_000).nullish(),
  tasks: z.array(z.string().max(500)).max(10_000).optional(),
  weight: z.number().positive().max(1_000_000).optional(),
  // Locust's own value, which its page sends back.
  fixed_count: z
    .literal(0, { error: 'users are drawn by the weights of their scenarios, none has a fixed number' })
    .optional(),
});

/** Reads the body. Throws `usage` for one that is no JSON object, `unprocessable` for an attribute that is not ours. */
export function parseUserClassEdit(body: string): UserClassEdit {
  const parsed = fields.safeParse(parseJsonObject(body));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field =
      issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : String(issue?.path[0] ?? 'body');
    const reason =
      issue?.code === 'unrecognized_keys'
        ? 'is not what a scenario has: host, tasks, weight, fixed_count'
        : (issue?.message ?? 'is not valid');
    throw new GaugewayError('unprocessable', `${field}: ${reason}`, { field });
  }
  const { user_class_name: scenario, host, tasks, weight } = parsed.data;
  const trimmedHost = host?.replace(/[<>]/g, '').trim() ?? '';
  return {
    scenario,
    ...(trimmedHost === '' ? {} : { host: trimmedHost }),
    ...(tasks === undefined ? {} : { tasks }),
    ...(weight === undefined ? {} : { weight }),
  };
}
