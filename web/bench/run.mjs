import { runnerImport } from 'vite';

const { module } = await runnerImport('./bench/client.bench.ts');
await module.main(process.argv.slice(2));
process.exit(0);
