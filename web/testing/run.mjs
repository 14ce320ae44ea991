import { runnerImport } from 'vite';

const { module } = await runnerImport('./testing/serve.ts');
console.log(await module.serve(Number(process.argv[2] ?? 0)));
