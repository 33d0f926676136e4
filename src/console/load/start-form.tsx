import { useState, type FormEvent, type ReactNode } from 'react';
import { useMutation } from '@tanstack/react-query';
import type { LoadTestDetails } from '../../lab/load/web/stats-answer.ts';
import { AdvancedFields, advancedOf, toSwarmFields } from './advanced-fields.tsx';
import { swarm } from './load-test-api.ts';

/** Asks for what a test needs; starts one, or edits the one that runs. */
export function StartForm(props: {
  details: LoadTestDetails;
  isRunning: boolean;
  onDone: () => void;
  /** Leaves the form as it was, where there is something to go back to. */
  onCancel?: () => void;
}): ReactNode {
  const { details, isRunning, onDone, onCancel } = props;
  const [fields, setFields] = useState({
    users: String(details.users),
    spawnRate: String(details.spawnRate),
    host: details.host,
    runTime: isRunning ? '' : details.runTime,
  });
  const [scenarios, setScenarios] = useState<readonly string[]>(details.chosenScenarios);
  const [advanced, setAdvanced] = useState(() => advancedOf(details.settings));
  const start = useMutation({ mutationFn: swarm, onSuccess: onDone });
  const field = (name: keyof typeof fields) => ({
    id: `start-${name}`,
    name,
    value: fields[name],
    onChange: (event: { target: { value: string } }) => setFields({ ...fields, [name]: event.target.value }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    start.mutate({
      user_count: fields.users,
      spawn_rate: fields.spawnRate,
      run_time: fields.runTime,
      ...(isRunning ? {} : { host: fields.host, user_classes: scenarios, ...toSwarmFields(advanced) }),
    });
  };

  return (
    <section aria-labelledby="start-title" className="start">
      <form className="card form-grid" onSubmit={submit}>
        <h1 id="start-title">{isRunning ? 'Edit the running test' : 'Start a load test'}</h1>
        <div className="pair">
          <div>
            <label htmlFor="start-users">Users</label>
            <input {...field('users')} type="number" min="1" step="1" required autoFocus />
          </div>
          <div>
            <label htmlFor="start-spawnRate">Spawn rate</label>
            <input
              {...field('spawnRate')}
              type="number"
              min="0.01"
              step="any"
              required
              aria-describedby="start-spawnRate-hint"
            />
            <p className="hint" id="start-spawnRate-hint">
              users started per second
            </p>
          </div>
        </div>
        {!isRunning && (
          <>
            <label htmlFor="start-host">Host</label>
            <input {...field('host')} type="url" required placeholder="http://127.0.0.1:4444" />
          </>
        )}
        <label htmlFor="start-runTime">Run time</label>
        <input {...field('runTime')} autoComplete="off" aria-describedby="start-runTime-hint" />
        <p className="hint" id="start-runTime-hint">
          {isRunning
            ? 'from now on; empty leaves it as it was'
            : 'as 30s, 5m or 1h20m; without one it runs until it is stopped'}
        </p>
        {!isRunning && (
          <>
            <Scenarios details={details} chosen={scenarios} onChange={setScenarios} />
            <AdvancedFields fields={advanced} onChange={setAdvanced} />
          </>
        )}
        {start.error !== null && (
          <p role="alert" className="problem">
            {start.error.message}
          </p>
        )}
        <div className="form-actions">
          <button type="submit" className="primary" disabled={start.isPending || scenarios.length === 0}>
            {isRunning ? 'Apply' : start.isPending ? 'Starting…' : 'Start'}
          </button>
          {onCancel !== undefined && (
            <button type="button" onClick={onCancel}>
              Cancel
            </button>
          )}
        </div>
      </form>
    </section>
  );
}

/** What users do: each of them keeps to one, where several are chosen. */
function Scenarios(props: {
  details: LoadTestDetails;
  chosen: readonly string[];
  onChange: (chosen: readonly string[]) => void;
}): ReactNode {
  const { details, chosen, onChange } = props;
  const toggle = (name: string): void => {
    const others = chosen.filter((other) => other !== name);
    onChange(others.length < chosen.length ? others : [...chosen, name]);
  };
  return (
    <fieldset className="choices">
      <legend>Scenarios</legend>
      {details.scenarios.map(({ name, description }) => (
        <label key={name}>
          <input type="checkbox" checked={chosen.includes(name)} onChange={() => toggle(name)} />
          <span>
            {name} <span className="hint">{description}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
