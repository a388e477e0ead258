export interface StatusFacts {
  readonly version: string
  /** Without a trailing slash. */
  readonly baseUrl: string
  readonly revision: number
  readonly isDraining: boolean
  /** Captures of bodies in force. */
  readonly captures: number
  readonly needsKey: boolean
  readonly modelIds: readonly string[]
}

const MOST_MODELS = 100

/** The only style of the page; its hash stands in the page's security policy. */
export const STATUS_STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#1c1f24, #e8eaed); --muted: light-dark(#5b6270, #a3abb8); --line: light-dark(#d9dde4, #3a404a); --card: light-dark(#f5f6f8, #1d2127); --page: light-dark(#ffffff, #14171b); --good: light-dark(#0b6b3a, #6fd39b); --warn: light-dark(#8a4b00, #f0b35a); }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 52rem; padding: 2rem 1.25rem 4rem; background: var(--page); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif }
h1 { margin: 0; font-size: 1.6rem }
h2 { margin: 2.25rem 0 .5rem; font-size: 1.1rem }
p { margin: .4rem 0 }
.muted { color: var(--muted) }
.state { font-weight: 600; color: var(--good) }
.state.draining { color: var(--warn) }
code, pre { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .875rem }
pre { margin: .5rem 0; padding: .85rem 1rem; overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .5rem }
ul { margin: .5rem 0; padding-left: 1.25rem; columns: 18rem }
a { color: inherit }
:focus-visible { outline: 2px solid var(--good); outline-offset: 2px }
`

/** A page without scripts for people who open the gateway in a browser. Holds no secret; everything in it is escaped. */
export function statusPage(facts: StatusFacts): string {
  const base = escaped(facts.baseUrl)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Switchback</title>
<link rel="icon" href="data:,">
<style>${STATUS_STYLE}</style>
</head>
<body>
<header>
<h1>Switchback</h1>
<p class="muted">version ${escaped(facts.version)}, configuration revision ${facts.revision}</p>
<p>${facts.isDraining ? '<span class="state draining">Shutting down</span>' : '<span class="state">Running</span>'} at <code>${base}</code></p>
${capturesOf(facts)}</header>
<main>
<h2>Call it</h2>
<p>${facts.needsKey ? 'Send one of the gateway&#39;s keys.' : 'No key is needed from this machine.'} Any of the four formats reaches any model.</p>
${examplesOf(facts, base)}
<h2>Models</h2>
${modelsOf(facts)}
<h2>Look inside</h2>
<p><code>switchback explain last</code> tells what happened to the last request, and <code>GET ${base}/v1/traces</code> lists them. <code>GET ${base}/ready</code> says whether calls are taken.</p>
</main>
</body>
</html>
`
}

function examplesOf({ needsKey, modelIds }: StatusFacts, base: string): string {
  const model = escaped(shellSafe(modelIds[0] ?? 'MODEL'))
  const bearer = needsKey ? " \\\n  -H 'authorization: Bearer KEY'" : ''
  const json = "-H 'content-type: application/json'"
  const message = '"messages": [{"role": "user", "content": "hi"}]'
  return [
    ['OpenAI Chat Completions', `curl ${base}/v1/chat/completions ${json}${bearer} \\\n  -d '{"model": "${model}", ${message}}'`],
    ['OpenAI Responses', `curl ${base}/v1/responses ${json}${bearer} \\\n  -d '{"model": "${model}", "input": "hi"}'`],
    [
      'Anthropic Messages',
      `curl ${base}/v1/messages ${json} -H 'anthropic-version: 2023-06-01'${bearer} \\\n  -d '{"model": "${model}", "max_tokens": 100, ${message}}'`,
    ],
    [
      'Google Gemini',
      `curl ${base}/v1beta/models/${model}:generateContent ${json}${bearer} \\\n  -d '{"contents": [{"parts": [{"text": "hi"}]}]}'`,
    ],
  ]
    .map(([title, command]) => `<p>${title}</p>\n<pre tabindex="0" aria-label="Example for ${title}">${command}</pre>`)
    .join('\n')
}

/** Whoever opens the page must see that somebody looks on. */
function capturesOf({ captures }: StatusFacts): string {
  if (captures === 0) return ''
  const whose = captures === 1 ? 'one key' : `${captures} keys`
  return `<p><span class="state draining">Bodies are being captured</span> of the calls of ${whose}, encrypted, for support. <code>switchback capture list</code> tells which.</p>\n`
}

function modelsOf({ needsKey, modelIds }: StatusFacts): string {
  if (needsKey) return '<p><code>GET /v1/models</code> lists them to whoever has a key.</p>'
  if (modelIds.length === 0) return '<p>None is configured.</p>'
  const shown = modelIds.slice(0, MOST_MODELS).map((id) => `<li><code>${escaped(id)}</code></li>`)
  const rest = modelIds.length - shown.length
  return `<ul>\n${shown.join('\n')}\n</ul>${rest > 0 ? `\n<p class="muted">and ${rest} more in <code>GET /v1/models</code></p>` : ''}`
}

/** Model names may hold anything; a copied command must not do anything else than it shows. */
const shellSafe = (name: string): string => (/^[\w./:@+-]+$/.test(name) ? name : 'MODEL')

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
