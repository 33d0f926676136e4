import { useCompileCache } from './cli/compile-cache.ts';

useCompileCache();
const { runProgram } = await import('./cli/run-program.ts');
process.exitCode = await runProgram();
