import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Rule } from '../lab/diagnose/rule.ts';
import { rules } from '../lab/diagnose/rules/index.ts';
import { GaugewayError } from '../shared/errors.ts';

export function registerRules(program: Command): void {
  program
    .command('rules')
    .summary('list what a diagnosis checks, or explain one rule')
    .description(
      'Lists the rules of the diagnosis, or prints what one of them means and what to do about it.',
    )
    .argument('[id]', 'rule to explain')
    .option('--json', 'print as JSON', false)
    .action(async (id: string | undefined, { json }: { json: boolean }) => {
      process.stdout.write(id === undefined ? listRules(json) : await explainRule(findRule(id), json));
    });
}

function listRules(json: boolean): string {
  if (json) return `${JSON.stringify(rules.map(describeRule), null, 2)}\n`;
  const width = Math.max(...rules.map(({ id }) => id.length));
  return rules
    .toSorted((a, b) => a.area.localeCompare(b.area, 'en') || a.id.localeCompare(b.id, 'en'))
    .map(({ area, id, title }) => `${area.padEnd(8)}  ${id.padEnd(width)}  ${title}\n`)
    .join('');
}

async function explainRule(rule: Rule, json: boolean): Promise<string> {
  const document = await readFile(
    new URL(`../lab/diagnose/rules/${rule.area}/${rule.id}.md`, import.meta.url),
    'utf8',
  );
  return json ? `${JSON.stringify({ ...describeRule(rule), document }, null, 2)}\n` : document;
}

function describeRule({ id, area, title, requires, optional, vetoedByGenerator }: Rule) {
  return { id, area, title, requires, optional: optional ?? [], vetoedByGenerator };
}

function findRule(id: string): Rule {
  const rule = rules.find((each) => each.id === id);
  if (rule !== undefined) return rule;
  throw new GaugewayError('usage', `no rule is called '${id}'; gaugeway rules lists all of them`);
}
