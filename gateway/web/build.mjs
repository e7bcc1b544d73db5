// Builds src/ into dist/: scripts and styles bundled, minified, named by their
// hash and compressed; fonts and icons copied; manifest.json for web.go.
//
//   node build.mjs           the build
//   node build.mjs --tests   bundles src/**/*.test.ts and runs them
//
// It reads node_modules and src, writes dist/assets and dist/manifest.json, and
// asks nobody else.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const out = 'dist/assets';

async function buildAll() {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const result = await build({
    entryPoints: ['src/*.tsx', 'src/styles/app.css', 'src/styles/live.css', 'src/styles/office.css', 'src/styles/studio.css', 'src/styles/mod.css', 'src/styles/room.css', 'src/styles/favicon.svg'],
    outdir: out,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: ['es2022', 'chrome109', 'firefox115', 'safari16.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'none', // licences.txt has them all
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    loader: { '.woff2': 'file', '.svg': 'copy' },
    plugins: [roomWords],
    metafile: true,
    logLevel: 'warning',
  });
  const entries = entriesOf(result.metafile);
  entries['licences.txt'] = { file: await writeLicences(result.metafile), preload: [] };
  const manifest = { entries, files: await compressAll(), styleHashes: await styleHashes() };
  await writeFile('dist/manifest.json', JSON.stringify(manifest, null, 1));
  report(manifest);
}

/** "words:fr" is what the room says in French: its messages come with it, not with the page. */
const roomWords = {
  name: 'words of the room',
  setup(b) {
    b.onResolve({ filter: /^words:/ }, ({ path }) => ({ path: path.slice('words:'.length), namespace: 'words' }));
    b.onLoad({ filter: /^[a-z]+$/, namespace: 'words' }, async ({ path }) => {
      const all = JSON.parse(await readFile(`i18n/${path}.json`, 'utf8'));
      const some = Object.entries(all).filter(([key]) => /^(audience|shop)\./.test(key));
      return { contents: JSON.stringify(Object.fromEntries(some)), loader: 'json' };
    });
  },
};

/** What each source became, and which scripts it will ask for at once. */
function entriesOf({ outputs }) {
  const entries = {};
  for (const [path, o] of Object.entries(outputs)) {
    const source = o.entryPoint ?? (Object.keys(o.inputs).length === 1 ? Object.keys(o.inputs)[0] : undefined);
    if (source === undefined || path.endsWith('.map')) continue;
    entries[basename(source)] = { file: basename(path), preload: preloads(outputs, path) };
  }
  return entries;
}

// The player is imported when there is something to play, which is nearly
// always: it is preloaded with its own imports. What a library imports when it
// comes to it (a language) is not, nor what a page of ours can do without at first.
function preloads(outputs, path) {
  const seen = new Set();
  const follow = (from) => {
    for (const { path: to, kind, external } of outputs[from].imports ?? []) {
      if (external || seen.has(to) || !to.endsWith('.js')) continue;
      const ours = kind === 'dynamic-import' && outputs[to].entryPoint?.startsWith('src/player/');
      if (kind !== 'import-statement' && !ours) continue;
      seen.add(to);
      follow(to);
    }
  };
  follow(path);
  return [...seen].map((p) => basename(p));
}

/** Writes .gz and .br beside each file that gains by it, and gives all sizes. */
async function compressAll() {
  const files = {};
  for (const name of (await readdir(out)).sort()) {
    const raw = await readFile(join(out, name));
    const size = { raw: raw.length };
    if (!name.endsWith('.woff2')) {
      const forms = {
        gz: gzipSync(raw, { level: 9 }),
        br: brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
      };
      for (const [form, body] of Object.entries(forms)) {
        if (body.length > raw.length * 0.9) continue;
        await writeFile(join(out, `${name}.${form}`), body);
        size[form] = body.length;
      }
    }
    files[name] = size;
  }
  return files;
}

/**
 * The CSP sources of the inline styles that media-chrome's elements bring. The
 * elements are those that controls.ts imports; their templates are the ones that
 * the bundle holds, so the hashes follow the version by themselves.
 */
async function styleHashes() {
  const hashes = new Set();
  const list = await readFile('src/player/controls.ts', 'utf8');
  for (const [, name] of list.matchAll(/import '(media-chrome\/dist\/media-[\w-]+\.js)'/g)) {
    const { default: element } = await import(name);
    for (const [, css] of element.getTemplateHTML({}, {}).matchAll(/<style[^>]*>([\s\S]*?)<\/style>/g)) {
      hashes.add(`sha256-${createHash('sha256').update(css).digest('base64')}`);
    }
  }
  return [...hashes].sort();
}

/** The licence of every package that is in the bundle, in one file. */
async function writeLicences({ inputs }) {
  const packages = new Set();
  for (const path of Object.keys(inputs)) {
    const m = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
    if (m) packages.add(m[1]);
  }
  let text = 'These pages are made with the following works. Regie itself is licensed under Apache-2.0.\n';
  for (const name of [...packages].sort()) {
    const folder = join('node_modules', name);
    const { version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const file = (await readdir(folder)).find((f) => /^licen[cs]e/i.test(f));
    if (file === undefined) throw new Error(`${name} has no licence file: look what may be done with it`);
    text += `\n${'='.repeat(78)}\n${name} ${version} · ${license}\n${'='.repeat(78)}\n\n`;
    text += `${(await readFile(join(folder, file), 'utf8')).trim()}\n`;
  }
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8).toUpperCase();
  const name = `licences-${hash}.txt`;
  await writeFile(join(out, name), text);
  return name;
}

function report({ files, styleHashes }) {
  const kb = (n) => (n === undefined ? '' : `${(n / 1000).toFixed(1)} kB`).padStart(10);
  for (const [name, s] of Object.entries(files)) console.log(`${kb(s.raw)}${kb(s.gz)}${kb(s.br)}  ${name}`);
  console.log(`${styleHashes.length} inline styles of the controls are allowed by their hash`);
}

async function runTests() {
  const tests = await testFiles('src');
  const folder = await mkdtemp(join('node_modules', '.tests-'));
  try {
    await build({
      entryPoints: tests,
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      logLevel: 'warning',
    });
    const { status } = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...(await built(folder))], {
      stdio: 'inherit',
    });
    process.exitCode = status ?? 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function testFiles(folder) {
  const names = await readdir(folder, { recursive: true });
  return names.filter((n) => n.endsWith('.test.ts')).map((n) => join(folder, n));
}

async function built(folder) {
  const names = await readdir(folder, { recursive: true });
  return names.filter((n) => n.endsWith('.mjs')).map((n) => join(folder, n));
}

if (process.argv.includes('--tests')) await runTests();
else await buildAll();
