import { runnerImport } from 'vite';

const { module } = await runnerImport('./e2e/howto.e2e.ts');
process.exit(await module.main());
