import { expect, test } from 'vitest';
import { stackCpuPercent } from './stack-cpu.ts';

const process = (target: string, meanPercent: number): { target: string; meanPercent: number } => ({
  target,
  meanPercent,
});

test('containers count as processes do', () => {
  expect(
    stackCpuPercent([process('gateway (pid 7)', 20)], [process('postgres', 50), process('redis', 5)]),
  ).toBe(75);
});

test('processes of a container that is counted are not counted twice', () => {
  const processes = [
    process('web-1 (pid 7)', 20),
    process('web-2 (pid 8)', 20),
    process('web (pid 9)', 20),
    process('web-proxy (pid 10)', 3),
    process('webserver-1 (pid 11)', 4),
  ];
  expect(stackCpuPercent(processes, [process('web', 61)])).toBe(68);
});
