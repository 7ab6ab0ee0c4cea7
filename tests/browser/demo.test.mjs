// The site to try: it opens at once, says loudly what it is, and lets each role in.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { browser, held, open, signIn, sound, until, visitor } from './site.mjs';

let portal;
let started;

before(async () => {
  started = await browser();
  portal = await open(['--demo']);
});
after(async () => {
  await portal.stop();
  await started.close();
});

test('the first page is there while the first run goes on behind it', async () => {
  const run = await held(portal);
  try {
    const { page, wrong } = await visitor(started, portal);
    await page.goto('/');
    await page.getByRole('heading', { name: '登录汇池' }).waitFor();
    await sound(page, 'sign-in');
    const [name, , password] = portal.accounts.find(([, role]) => role === 'operator');
    await signIn(page, name, password);
    const progress = async () => (await page.request.get('/runs/progress')).status();
    assert.equal(await progress(), 200, 'the run has not ended');
    run.goOn();
    await until('the end of the run', async () => await progress() === 204);
    assert.deepEqual(wrong, []);
  } finally {
    run.goOn();
  }
});

test('each role signs in, reads its pages, and signs out', async () => {
  for (const [name, role, password] of portal.accounts) {
    const { context, page, wrong } = await visitor(started, portal);
    await signIn(page, name, password);
    await page.getByText('演示环境').waitFor();
    const places = await page.locator('.top nav a').evaluateAll((links) => links.map((a) => a.getAttribute('href')));
    assert.ok(places.length > 0, `${role} has somewhere to go`);
    if (places.includes('/uploads')) {
      places.push('/uploads/last-run');
    }
    if (places.includes('/pool')) {
      places.push(...await belowPool(page));
    }
    for (const place of places) {
      const answer = await page.goto(place);
      assert.equal(answer.status(), 200, `${role} ${place}`);
      await sound(page, `${name}${place.replaceAll(/[^\p{L}\p{N}]+/gu, '-').slice(0, 60)}`);
    }
    await page.getByRole('button', { name: '退出' }).click();
    await page.getByText('已退出登录').waitFor();
    assert.deepEqual(wrong, [], role);
    await context.close();
  }
});

/** The pages that the pool leads to: those with names, one enterprise, and a trial for whoever may try. */
async function belowPool(page) {
  await page.goto('/pool');
  const links = await page.locator('main a[href^="/pool/"]').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  const named = new Set(links.filter((href) => /^\/pool\/[a-z]+$/.test(href)));
  assert.ok(named.has('/pool/list'), 'the proposed list is one of them');
  const enterprise = links.find((href) => !named.has(href));
  await page.goto('/pool/list');
  const trials = await page.getByRole('link', { name: '试算' }).count() > 0 ? ['/pool/whatif?set=title_valid%3Doff'] : [];
  return [...named, enterprise, ...trials];
}

test('a wrong password says so in Chinese and lets nobody in', async () => {
  const { page } = await visitor(started, portal, { javaScriptEnabled: false });
  await page.goto('/sign-in');
  await page.getByLabel('账号').fill('operator');
  await page.getByLabel('密码').fill('not the password');
  await page.getByRole('button', { name: '登录' }).click();
  assert.match(await page.getByRole('alert').innerText(), /账号或密码不对/);
  assert.equal((await page.goto('/pool')).url(), `${portal.url}/sign-in?next=/pool`);
});
