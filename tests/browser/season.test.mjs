// A season: a bureau's return from its first faulty version to the adopted pool, each by whom it is done.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { account, browser, open, signIn, site, sound, visitor } from './site.mjs';

const chosen = 'spring rain 26';
const people = { tongji: ['clerk', 'statistics'], shijian: ['clerk', 'market'], yunying: ['operator'], zhuanban: ['leader'], shenji: ['auditor'] };
/** Enterprises of the sample's directory. */
const enterprises = [
  ['91360783MAYY9CNJ3B', '赣州市淏盛精密机械有限公司'], ['91360727MAYY4AR788', '龙南翎丰诚新能源有限公司'],
  ['91360727MAYYJ5BA97', '赣州梓朗新材料有限公司'], ['91360727MAYY73RM8B', '江西HDW光电科技有限公司'],
];
const name = '城区_企业经营情况_2025年.csv';

let config;
let portal;
let started;
const passwords = {};

before(async () => {
  config = site();
  for (const [who, [role, source]] of Object.entries(people)) { passwords[who] = account(config, who, role, source); }
  portal = await open(['--config', config, '--clock', '2026-06-30T15:00:00+08:00']);
  started = await browser();
});
after(async () => {
  await started.close();
  await portal.stop();
});

/** A return in thousands of yuan, the first enterprise twice; `assets` are the second's, which are sound at 101000. */
function annual(assets) {
  const rows = enterprises.map(([code, title], i) => [code, title, 80000 + i, 9000 + i, i === 1 ? assets : 100000 + i * 1000, 40000 + i * 1000, 60000]);
  const lines = [['2025年企业经营情况'], ['单位：千元'],
    ['统一社会信用代码', '企业名称', '营业收入', '利润总额', '资产总计', '负债合计', '所有者权益合计'], ...rows, rows[0]];
  return { name, mimeType: 'text/csv', buffer: Buffer.from(`\ufeff${lines.map((line) => line.join(',')).join('\r\n')}\r\n`) };
}

/** A visitor who has signed in, with the first password changed if that was still to do. */
async function as(who, options) {
  const { context, page, wrong } = await visitor(started, portal, options);
  page.on('dialog', (dialog) => dialog.accept());
  await signIn(page, who, passwords[who]);
  if (passwords[who] !== chosen) {
    await page.getByText('首次登录，请先把初始密码改为').waitFor();
    await page.getByLabel('现在的密码').fill(passwords[who]);
    await page.getByLabel('新密码', { exact: true }).fill(chosen);
    await page.getByLabel('再输一遍新密码').fill(chosen);
    await page.getByRole('button', { name: '修改' }).click();
    await page.waitForURL((url) => url.pathname !== '/password');
    passwords[who] = chosen;
  }
  return {
    page,
    async leave() {
      assert.deepEqual(wrong, [], who);
      await context.close();
    },
  };
}

/** Reads the page again until it shows what is waited for. */
async function until(page, wanted, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const there = await wanted.first().waitFor({ timeout: 1000 }).then(() => true, () => false);
    if (there) { return; }
    assert.ok(Date.now() < end, `nothing came of ${wanted}`);
    // A page that just renews itself breaks this off, which is as good.
    await page.reload().catch((error) => assert.match(String(error), /ERR_ABORTED|interrupted|Not attached/));
  }
}

/** Takes a workbook along: a name in Chinese, and the bytes of a workbook. */
async function workbook(page, link) {
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
  const bytes = readFileSync(await download.path());
  assert.match(download.suggestedFilename(), /\p{Script=Han}.*\.xlsx$/u);
  assert.ok(bytes.length > 2000 && bytes.subarray(0, 2).toString() === 'PK', download.suggestedFilename());
  return download.suggestedFilename();
}

async function send(page, button, file) {
  await page.locator('input[type=file]').setInputFiles(file);
  await page.getByRole('button', { name: button }).click();
}

let upload;

test('a clerk corrects a return until it is accepted', async () => {
  const { page, leave } = await as('tongji');
  await sound(page, 'season-1-uploads');
  await send(page, '上传并审核', annual(101500));
  await page.locator('.verdict.needs_correction').waitFor();
  upload = new URL(page.url()).pathname;
  const fault = page.locator('article.finding.error', { hasText: '资产总计 101500 ≠' });
  assert.match(await fault.locator('td.hit').innerText(), /101500/);
  await sound(page, 'season-2-findings');
  await workbook(page, page.getByRole('link', { name: '下载问题清单' }));

  const asks = page.locator('article.finding.explain', { hasText: '同一企业在本期已出现过' });
  await asks.getByLabel('请填写情况说明').fill('该企业分两处经营，两行相同，以第一行为准。');
  await asks.getByRole('button', { name: '提交说明' }).click();
  await page.getByText('情况说明已保存').waitFor();
  assert.match(await page.locator('.answer').innerText(), /以第一行为准/);

  await send(page, '上传新版本', annual(101000));
  await page.locator('.verdict.accepted').waitFor();
  assert.notEqual(new URL(page.url()).pathname, upload);
  await until(page, page.getByText(/与第 1 号相比，1 个单元格有变化/));
  assert.equal(await page.locator('.versions del').innerText(), '101500');
  assert.equal(await page.locator('.versions ins').innerText(), '101000');
  await sound(page, 'season-3-accepted');
  await page.goto('/uploads');
  await sound(page, 'season-4-uploads');
  await leave();
});

test("another bureau's return is not there", async () => {
  const { page, leave } = await as('shijian');
  const said = [];
  for (const path of [upload, `/uploads/${'a'.repeat(32)}`]) {
    for (const part of ['', '/findings.xlsx', '/original']) {
      const answer = await page.goto(path + part);
      assert.equal(answer.status(), 404, path + part);
      said.push(await page.locator('main').innerText());
    }
  }
  assert.equal(new Set(said).size, 1, 'it reads like one that never was');
  await sound(page, 'season-5-not-found');
  await leave();
});

test('without script a return is sent, read and taken along', async () => {
  const { page, leave } = await as('tongji', { javaScriptEnabled: false });
  await send(page, '上传并审核', { ...annual(101700), name: '郊区_企业经营情况_2025年.csv' });
  await page.locator('.verdict.needs_correction').waitFor();
  assert.match(await page.locator('article.finding.error td.hit').first().innerText(), /101700/);
  await workbook(page, page.getByRole('link', { name: '下载问题清单' }));
  const [original] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: '下载原文件' }).click()]);
  assert.deepEqual(readFileSync(await original.path()), annual(101700).buffer, 'the file as it was sent');
  await leave();
});

test('the night merges, and the operator reads the pool down to the cell', async () => {
  await portal.stop();
  portal = await open(['--config', config, '--clock', '2026-07-01T01:59:55+08:00']);
  const { page, leave } = await as('yunying');
  await page.goto('/runs');
  const line = page.getByRole('row').filter({ hasText: '定时' });
  await until(page, line.filter({ hasText: '完成' }), 90);
  assert.match(await line.getByRole('link').innerText(), /^2026-07-01 02:00$/);
  await sound(page, 'season-6-runs');

  await line.getByRole('link').click();
  await page.getByRole('heading', { name: /的合并$/ }).waitFor();
  await page.getByText('全部文件（不逐个列出）').first().waitFor();
  assert.equal(await page.getByText(name).count(), 0, 'a return of a few enterprises is not told by its name');
  assert.equal(await page.getByRole('link', { name: '备选池.xlsx', exact: true }).count(), 0, 'the closed edition is not offered');
  await sound(page, 'season-7-run');
  assert.match(await workbook(page, page.getByRole('link', { name: /运营版\.xlsx/ })), /运营版/);

  await page.goto('/pool');
  await page.getByLabel('企业名称、曾用名或信用代码').fill('淏盛精密');
  await page.getByRole('button', { name: '查找' }).click();
  await page.getByText('符合条件 1 家').waitFor();
  await sound(page, 'season-8-pool');
  await page.getByRole('link', { name: enterprises[0][1] }).click();
  await page.getByRole('heading', { name: '入库判定' }).waitFor();
  await sound(page, 'season-9-enterprise');
  const figure = page.getByRole('region', { name: '历年经营数据' }).locator('a.origin').last();
  await figure.click();
  await page.getByRole('heading', { name: /的出处$/ }).waitFor();
  const cell = page.locator('td.hit').first();
  assert.match(await cell.innerText(), /\d/);
  const [inner, outer] = [await cell.boundingBox(), await page.locator('.scroll').first().boundingBox()];
  assert.ok(inner.x >= outer.x && inner.x + inner.width <= outer.x + outer.width, 'the marked cell is in sight');
  await sound(page, 'season-10-source');
  await leave();
});

test('the leading group sees the closed edition and adopts the run', async () => {
  const { page, leave } = await as('zhuanban');
  await page.goto('/pool');
  await page.getByText('封闭版：含企业统计资料').waitFor();
  await page.goto('/runs');
  await page.getByRole('row').filter({ hasText: '定时' }).getByRole('link').click();
  await page.getByRole('link', { name: '备选池.xlsx', exact: true }).waitFor();
  await page.getByText(`第2号_${name}`).waitFor();
  await sound(page, 'season-11-adopt');
  await page.getByLabel('定稿说明').fill('专班第三次会议，2026 年 7 月 1 日');
  await page.getByRole('button', { name: '定稿' }).click();
  await page.getByText('已定稿，全部文件已封存').waitFor();
  assert.equal(await page.getByRole('button', { name: '定稿' }).count(), 0, 'adopted once');
  await sound(page, 'season-12-adopted');
  await leave();
});

test('the audit log tells it all', async () => {
  const { page, leave } = await as('shenji');
  await page.goto('/audit');
  await page.getByText('日志环环相扣，未被改动').waitFor();
  for (const [who, did, what] of [['tongji', '报送文件', '字节 新文件'], ['tongji', '填写情况说明', ''], ['tongji', '下载', '问题清单'],
    ['系统', '开始合并', '定时'], ['系统', '合并结束', '完成'], ['yunying', '查看企业', enterprises[0][0]],
    ['yunying', '查看数据出处', '2025年所有者权益合计'], ['yunying', '下载', '备选池_运营版.xlsx'], ['zhuanban', '定稿', '']]) {
    const lines = page.getByRole('row').filter({ hasText: who }).filter({ hasText: did }).filter({ hasText: what });
    assert.ok(await lines.count() > 0, `${who} ${did} ${what}`);
  }
  await sound(page, 'season-13-audit');
  await leave();
});
