import type { Artifacts } from '../../src/lab/diagnose/artifacts.ts';
import type { Frame, ProfileNode } from '../../src/lab/profile/profile.ts';
import { gatewayPid } from './synthetic-run.ts';

/** A stretch of time in which one stack was sampled; frames from the outermost, `name file`. */
export interface SampledStack {
  stack: string[];
  ms: number;
}

/**
 * A profile window of the gateway that saw these stacks one after the other, sampled each millisecond. An empty
 * stack is idle time; a frame without a file is native.
 */
export function profileWindow(
  stacks: readonly SampledStack[],
  startMs = 6000,
): Artifacts['profiles'][number] {
  const frames: Frame[] = [{ name: '(root)', file: '', line: 0, column: 0 }];
  const nodes: ProfileNode[] = [{ frame: 0, parent: -1, self: 0 }];
  const samples: { node: number; weight: number }[] = [];
  const interval = 1000;
  for (const { stack, ms } of stacks) {
    let at = 0;
    for (const name of stack.length === 0 ? ['(idle)'] : stack) at = childOf(frames, nodes, at, name);
    const node = nodes[at];
    if (node !== undefined) node.self += ms * 1000;
    for (let sample = 0; sample < ms; sample += 1) samples.push({ node: at, weight: interval });
  }
  const endMs = startMs + samples.length;
  return {
    target: `gateway (pid ${gatewayPid})`,
    pid: gatewayPid,
    startMs,
    endMs,
    file: `profiles/gateway-${startMs}.cpuprofile`,
    profile: {
      name: 'gateway',
      unit: 'microseconds',
      order: 'time',
      startMs,
      endMs,
      interval,
      frames,
      nodes,
      samples,
    },
  };
}

function childOf(frames: Frame[], nodes: ProfileNode[], parent: number, text: string): number {
  const [name = '', file = ''] = text.split(/ (?=\/|node:)/);
  let frame = frames.findIndex((each) => each.name === name && each.file === file);
  if (frame === -1) frame = frames.push({ name, file, line: file === '' ? 0 : 7, column: 1 }) - 1;
  const known = nodes.findIndex((node) => node.parent === parent && node.frame === frame);
  return known === -1 ? nodes.push({ frame, parent, self: 0 }) - 1 : known;
}
