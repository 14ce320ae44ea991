import { runnerImport } from 'vite';

const { module } = await runnerImport('./e2e/client.e2e.ts');
process.exit(await module.main(process.argv.slice(2)));
