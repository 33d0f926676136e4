import { useState, type FormEvent, type ReactNode } from 'react';
import type { LoadTestDetails } from '../../lab/load/web/stats-answer.ts';
import { swarm, type StartFields } from './load-test-api.ts';

/** Asks for users, spawn rate, host, scenario and run time; starts a test, or edits the one that runs. */
export function StartForm(props: {
  details: LoadTestDetails;
  isRunning: boolean;
  onDone: () => void;
}): ReactNode {
  const { details, isRunning, onDone } = props;
  const [fields, setFields] = useState<StartFields>({
    users: String(details.users),
    spawnRate: String(details.spawnRate),
    host: details.host,
    runTime: '',
    scenario: details.chosenScenarios[0] ?? '',
  });
  const [problem, setProblem] = useState<string | null>(null);
  const [sending, setSending] = useState(false);
  const field = (name: keyof StartFields) => ({
    id: `start-${name}`,
    name,
    value: fields[name],
    onChange: (event: { target: { value: string } }) => setFields({ ...fields, [name]: event.target.value }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setSending(true);
    swarm(fields)
      .then(
        (refusal) => {
          setProblem(refusal);
          if (refusal === null) onDone();
        },
        (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
      )
      .finally(() => setSending(false));
  };

  return (
    <section aria-labelledby="start-title">
      <h1 id="start-title">{isRunning ? 'Edit the running test' : 'Start a load test'}</h1>
      <form className="start-form" onSubmit={submit}>
        <label htmlFor="start-users">Users</label>
        <input {...field('users')} type="number" min="1" step="1" required autoFocus />
        <label htmlFor="start-spawnRate">Spawn rate (users started per second)</label>
        <input {...field('spawnRate')} type="number" min="0.01" step="any" required />
        <label htmlFor="start-host">Host</label>
        <input
          {...field('host')}
          type="url"
          required
          readOnly={isRunning}
          placeholder="http://127.0.0.1:4444"
        />
        <label htmlFor="start-scenario">Scenario</label>
        <select {...field('scenario')} disabled={isRunning}>
          {details.scenarios.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <label htmlFor="start-runTime">Run time (optional, as 30s, 5m or 1h20m)</label>
        <input {...field('runTime')} inputMode="text" autoComplete="off" />
        <button type="submit" className="primary" disabled={sending}>
          {isRunning ? 'Apply' : 'Start'}
        </button>
        <p role="alert" className={problem === null ? '' : 'problem'}>
          {problem}
        </p>
      </form>
    </section>
  );
}
