import { Option } from 'commander';
import type { Command } from 'commander';
import type { ConfigFlags } from '../config/load-config.ts';
import { listConfigKeys } from '../config/schema.ts';
import type { ConfigKey } from '../config/schema.ts';

/** Adds the flags of these configuration keys to a command; `--help` shows variable and default of each. */
export function addConfigOptions(command: Command, only?: readonly ConfigKey[]): Command {
  const notes: string[] = [];
  for (const { key, meta, fallback } of listConfigKeys()) {
    if (only !== undefined && !only.includes(key)) continue;
    if (meta.flag === undefined) {
      notes.push(`  ${meta.env}  ${meta.doc}`);
      continue;
    }
    const trailer = fallback === undefined ? `[${meta.env}]` : `[${meta.env}, default ${fallback}]`;
    command.addOption(new Option(meta.flag, `${meta.doc} ${trailer}`));
  }
  if (notes.length > 0) command.addHelpText('after', `\nOnly from the environment:\n${notes.join('\n')}`);
  return command;
}

/** What {@link addConfigOptions} read, by key. */
export function configFlags(options: Record<string, unknown>): ConfigFlags {
  const flags: ConfigFlags = {};
  for (const { key, meta } of listConfigKeys()) {
    if (meta.flag === undefined) continue;
    const value = options[new Option(meta.flag).attributeName()];
    if (typeof value === 'string' || typeof value === 'boolean') flags[key] = value;
  }
  return flags;
}
