import { runnerImport } from 'vite';

const { module } = await runnerImport('./e2e/main.ts');
process.exitCode = await module.main(process.argv.slice(2));
