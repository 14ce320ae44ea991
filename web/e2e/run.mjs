import { runnerImport } from 'vite';

const { module } = await runnerImport('./e2e/board.e2e.ts');
process.exitCode = await module.main(process.argv.slice(2));
