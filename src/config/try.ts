import { loadConfig } from './load.ts'
import { formatProblem } from './problem.ts'
const r = loadConfig({ path: process.argv[2]!, env: {}, cwd: process.cwd(), home: '/root' })
console.log(r.ok, r.source)
if (!r.ok) for (const p of r.problems) console.log(formatProblem(p))
for (const p of r.warnings) console.log('W', formatProblem(p))
if (r.ok) console.dir(r.compiled, { depth: 5 })
