// A site to test: its folder, its portal, a browser, and what every page must be.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const program = process.env.HUICHI ?? join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'debug/huichi');
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const screens = process.env.HUICHI_SCREENS;

/** A folder that goes when the tests end. */
export function folder() {
  const made = mkdtempSync(join(tmpdir(), 'huichi-browser-'));
  process.on('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A site of its own with the sample's inputs; gives the path of its settings. */
export function site() {
  const made = folder();
  cpSync(join(root, 'inputs'), join(made, 'inputs'), { recursive: true });
  const config = join(made, 'pipeline.toml');
  writeFileSync(config, '[run]\nas_of = "2026-06-30"\n');
  return config;
}

/** Makes an account by the command line; gives its first password. */
export function account(config, name, role, source) {
  const words = ['user', 'add', name, '--role', role, '--config', config, '--format', 'json', ...(source ? ['--source', source] : [])];
  return JSON.parse(execFileSync(program, words, { encoding: 'utf8' })).secret;
}

/** Opens a portal; gives what it says on its first line, and how to end it. */
export async function open(words) {
  const child = spawn(program, ['serve', '--listen', '127.0.0.1:0', '--format', 'json', ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { HUICHI_LOG: 'warn', ...process.env },
  });
  const ended = new Promise((done) => child.once('exit', done));
  const line = await new Promise((done, failed) => {
    let text = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (part) => {
      text += part;
      if (text.includes('\n')) { done(text.split('\n')[0]); }
    });
    child.once('exit', (code) => failed(new Error(`the portal ended with ${code}`)));
  });
  return {
    ...JSON.parse(line),
    process: child.pid,
    async stop() {
      child.kill('SIGTERM');
      assert.equal(await ended, 0, 'a portal that is asked to end ends well');
    },
  };
}

/** Asks again until something is so; whoever waits four minutes waits in vain. */
export async function until(what, found) {
  for (const end = Date.now() + 240_000; ;) {
    const there = await found();
    if (there) { return there; }
    assert.ok(Date.now() < end, `not in time: ${what}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

/** Stops the run that a portal has started where it is, until it may go on. */
export async function held(portal) {
  const run = await until('the process of the run', () => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).find((name) => {
    try {
      const parent = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1).split(' ')[1];
      return Number(parent) === portal.process && readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').includes('--events');
    } catch {
      return false; // It has ended meanwhile.
    }
  }));
  process.kill(Number(run), 'SIGSTOP');
  return {
    goOn() {
      try { process.kill(Number(run), 'SIGCONT'); } catch (error) { assert.equal(error.code, 'ESRCH'); }
    },
  };
}

/** A browser as the tests start it: nothing but the portal is reached. */
export function browser() {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}

/** A context of its own, in Chinese, that fails on any error of a page and on any request that leaves the portal. */
export async function visitor(started, portal, options = {}) {
  const context = await started.newContext({ locale: 'zh-CN', viewport: { width: 1366, height: 768 }, baseURL: portal.url, ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on('console', (message) => { if (message.type() === 'error' && !/status of (4|5)\d\d/.test(message.text())) { wrong.push(message.text()); } });
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('request', (request) => { if (!request.url().startsWith(portal.url)) { wrong.push(`request to ${request.url()}`); } });
  return { context, page, wrong };
}

/** Signs in. */
export async function signIn(page, name, password) {
  await page.goto('/sign-in');
  await page.getByLabel('账号').fill(name);
  await page.getByLabel('密码').fill(password);
  await page.getByRole('button', { name: '登录' }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
}

/** What holds of every page: Chinese, a title, one first heading, nothing serious by axe, no sideways scrolling. */
export async function sound(page, name) {
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
  assert.match(await page.title(), /\p{Script=Han}.* · 汇池$/u);
  assert.equal(await page.locator('h1').count(), 1, `${name}: one first heading`);
  for (const [width, height] of [[1366, 768], [360, 740]]) {
    await page.setViewportSize({ width, height });
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(beyond <= 0, `${name}: ${beyond} px too wide at ${width}`);
    if (screens) {
      mkdirSync(screens, { recursive: true });
      await page.screenshot({ path: join(screens, `${name}-${width}.png`), fullPage: true });
    }
  }
  await page.setViewportSize({ width: 1366, height: 768 });
  if (!(await page.evaluate(() => typeof window.axe === 'object'))) {
    // The policy of the pages lets no script in, so the checker comes in by the debugger.
    const session = await page.context().newCDPSession(page);
    await session.send('Runtime.evaluate', { expression: readFileSync(axe, 'utf8') });
  }
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const grave = found.violations.filter((v) => ['serious', 'critical'].includes(v.impact));
  assert.deepEqual(grave.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).slice(0, 3).join(' | ')}`), [], name);
}
