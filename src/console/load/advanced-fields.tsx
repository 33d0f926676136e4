import type { ReactNode } from 'react';
import type { SettingsText } from '../../lab/load/web/settings-text.ts';
import type { SwarmFields } from './load-test-api.ts';

/** When a task begins; each way but the first has the one text that it needs. */
const models = {
  scenario: { title: 'as its scenario has it', label: '', hint: '' },
  think: { title: 'after a pause of its user (think time)', label: 'Pause', hint: 'as 50ms-300ms, or 1s' },
  constantPacing: { title: 'at a steady pace of its user', label: 'Pace', hint: 'one task every, e.g. 2s' },
  constantThroughput: {
    title: 'so many a second per user',
    label: 'Tasks per second and user',
    hint: 'e.g. 0.5',
  },
  rate: { title: 'by the clock (open model)', label: 'Arrivals per second', hint: 'e.g. 200' },
  stages: {
    title: 'by the clock, in stages (open model)',
    label: 'Stages',
    hint: 'time:rate, in straight lines, e.g. 10s:50,30s:200',
  },
} as const;
type Model = keyof typeof models;

export interface Advanced {
  model: Model;
  /** The text of each model, so that a look at another one loses nothing. */
  texts: Record<Exclude<Model, 'scenario'>, string>;
  maxUsers: string;
  era: SettingsText['era'];
  requestTimeout: string;
}

/** The fields as they are set now. */
export function advancedOf(settings: SettingsText): Advanced {
  const { think = '', constantPacing = '', constantThroughput = '', rate = '', stages = '' } = settings;
  const texts = { stages, rate, constantPacing, constantThroughput, think };
  const names = ['stages', 'rate', 'constantPacing', 'constantThroughput', 'think'] as const;
  return {
    model: names.find((name) => texts[name] !== '') ?? 'scenario',
    texts,
    maxUsers: settings.maxUsers ?? '',
    era: settings.era,
    requestTimeout: settings.requestTimeout,
  };
}

/** The fields of `POST /swarm`. */
export function toSwarmFields({ model, texts, maxUsers, era, requestTimeout }: Advanced): SwarmFields {
  const common = { era, request_timeout: requestTimeout };
  switch (model) {
    case 'scenario':
      return common;
    case 'think':
      return { ...common, think: texts.think };
    case 'constantPacing':
      return { ...common, constant_pacing: texts.constantPacing };
    case 'constantThroughput':
      return { ...common, constant_throughput: texts.constantThroughput };
    case 'rate':
      return { ...common, rate: texts.rate, max_users: maxUsers };
    case 'stages':
      // A rate beside the stages is where they begin.
      return { ...common, stages: texts.stages, rate: texts.rate, max_users: maxUsers };
  }
}

/** What is seldom changed: how tasks follow each other, and how they are sent. */
export function AdvancedFields(props: { fields: Advanced; onChange: (fields: Advanced) => void }): ReactNode {
  const { fields, onChange } = props;
  const isOpen = fields.model === 'rate' || fields.model === 'stages';
  const names: readonly Model[] = [
    'scenario',
    'think',
    'constantPacing',
    'constantThroughput',
    'rate',
    'stages',
  ];
  const setText = (model: keyof Advanced['texts'], text: string): void =>
    onChange({ ...fields, texts: { ...fields.texts, [model]: text } });
  return (
    <details className="advanced">
      <summary>Advanced</summary>
      <div className="form-grid">
        <label htmlFor="start-model">A task begins</label>
        <select
          id="start-model"
          value={fields.model}
          onChange={({ target: { value } }) =>
            onChange({ ...fields, model: names.find((name) => name === value) ?? fields.model })
          }
        >
          {names.map((name) => (
            <option key={name} value={name}>
              {models[name].title}
            </option>
          ))}
        </select>
        {fields.model !== 'scenario' && (
          <ModelText model={fields.model} text={fields.texts[fields.model]} onChange={setText} />
        )}
        {fields.model === 'stages' && (
          <>
            <label htmlFor="start-first-rate">Rate at the begin</label>
            <input
              id="start-first-rate"
              value={fields.texts.rate}
              inputMode="decimal"
              autoComplete="off"
              placeholder="0"
              onChange={({ target: { value } }) => setText('rate', value)}
            />
          </>
        )}
        {isOpen && (
          <>
            <label htmlFor="start-max-users">Most users</label>
            <input
              id="start-max-users"
              type="number"
              min="1"
              step="1"
              value={fields.maxUsers}
              aria-describedby="start-max-users-hint"
              onChange={({ target: { value } }) => onChange({ ...fields, maxUsers: value })}
            />
            <p className="hint" id="start-max-users-hint">
              arrivals that find all of them busy are dropped and counted
            </p>
          </>
        )}
        <div className="pair">
          <div>
            <label htmlFor="start-era">MCP wire</label>
            <select
              id="start-era"
              value={fields.era}
              onChange={({ target: { value } }) =>
                onChange({ ...fields, era: value === 'modern' ? 'modern' : 'legacy' })
              }
            >
              <option value="legacy">with sessions</option>
              <option value="modern">stateless (2026-07-28)</option>
            </select>
          </div>
          <div>
            <label htmlFor="start-timeout">Request timeout</label>
            <input
              id="start-timeout"
              value={fields.requestTimeout}
              autoComplete="off"
              onChange={({ target: { value } }) => onChange({ ...fields, requestTimeout: value })}
            />
          </div>
        </div>
      </div>
    </details>
  );
}

/** The one text that a model needs. */
function ModelText(props: {
  model: keyof Advanced['texts'];
  text: string;
  onChange: (model: keyof Advanced['texts'], text: string) => void;
}): ReactNode {
  const { model, text, onChange } = props;
  const { label, hint } = models[model];
  return (
    <>
      <label htmlFor="start-model-text">{label}</label>
      <input
        id="start-model-text"
        value={text}
        required
        autoComplete="off"
        aria-describedby="start-model-hint"
        onChange={({ target: { value } }) => onChange(model, value)}
      />
      <p className="hint" id="start-model-hint">
        {hint}
      </p>
    </>
  );
}
