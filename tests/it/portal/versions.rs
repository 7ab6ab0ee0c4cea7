//! Which sending stands: pages say before the night what runs then do, and receipts tell after it.

use super::{Answer, MULTIPART, Portal, QUIET, Visitor, between, multipart, until};
use crate::util::{Site, code, directory};
use std::collections::BTreeMap;

/// Returns of some enterprises, each with a revenue; without a unit nobody can read them.
pub(super) fn returns(enterprises: &[(u32, i64)], unit: &str) -> String {
    let rows: String = enterprises.iter().map(|(i, r)| format!("{},龙南市第{i}有限公司,{r},3,100,60,40\n", code(*i))).collect();
    format!(
        "企业经营情况（2023年）,,,,,,\n{unit},,,,,,\n统一社会信用代码,企业名称,营业收入,利润总额,资产总计,负债合计,所有者权益合计\n{rows}"
    )
}

pub(super) const UNIT: &str = "单位：千元";

/// A portal over a directory of some enterprises.
fn portal(enterprises: u32) -> Portal {
    let site = Site::new("2024-06-30", QUIET);
    site.input("工信局/名录.csv", directory(enterprises));
    Portal::start(site)
}

/// Revenues of a run, in thousands, by the number of the enterprise; nothing where there is none.
fn revenues(portal: &Portal) -> BTreeMap<u32, Option<i64>> {
    portal.site.run();
    let enterprises = portal.site.table("enterprises");
    let of = |i: u32| enterprises.iter().find(|r| r["uscc"] == code(i)).and_then(|r| r.get("revenue_2023")?.parse::<i64>().ok());
    (1..=enterprises.len() as u32).map(|i| (i, of(i).map(|yuan| yuan / 1000))).collect()
}

fn all(revenues: &[(u32, i64)]) -> BTreeMap<u32, Option<i64>> {
    revenues.iter().map(|(i, r)| (*i, Some(*r))).collect()
}

pub(super) struct Clerk(pub(super) Visitor);

impl Clerk {
    /// Sends a file and waits for its verdict; gives its id and its page.
    pub(super) fn send(&self, name: &str, content: &str) -> (String, String) {
        self.replace(name, content, "")
    }

    /// Sends a file as the new version of an upload.
    fn replace(&self, name: &str, content: &str, older: &str) -> (String, String) {
        let file = format!("name=\"files\"; filename=\"{name}\"");
        let parts = [("name=\"csrf\"", self.0.csrf.as_bytes()), ("name=\"replaces\"", older.as_bytes()), (&file, content.as_bytes())];
        let form = multipart(&parts);
        let answer: Answer = self.0.ask("POST", "/uploads", MULTIPART, &form);
        assert_eq!(answer.status, 303, "{}", answer.text());
        let id = between(answer.location(), "/uploads/", "?").to_owned();
        let page = self.page(&id);
        (id, page)
    }

    pub(super) fn page(&self, id: &str) -> String {
        until(60, "a verdict", || Some(self.0.page(&format!("/uploads/{id}"))).filter(|page| !page.contains("http-equiv=\"refresh\"")))
    }

    /// Chooses for the returns of 2023.
    pub(super) fn choose(&self, id: &str, older: &str, choice: &str) -> u16 {
        self.choose_of(("returns", "2023"), id, older, choice)
    }

    fn choose_of(&self, (form, period): (&str, &str), id: &str, older: &str, choice: &str) -> u16 {
        let said = [("older", older), ("form", form), ("period", period), ("choice", choice)];
        self.0.post(&format!("/uploads/{id}/choices"), &said).status
    }
}

fn clerk(portal: &Portal) -> Clerk {
    Clerk(portal.sign_in("statistics"))
}

#[test]
fn the_first_content_sent_again_stands_again() {
    let portal = portal(1);
    let clerk = clerk(&portal);
    let (a, b) = (returns(&[(1, 26)], UNIT), returns(&[(1, 27)], UNIT));
    let (first, _) = clerk.send("年报.csv", &a);
    clerk.send("年报.csv", &b);
    assert_eq!(revenues(&portal), all(&[(1, 27)]));
    let (third, page) = clerk.send("年报.csv", &a);
    assert!(third != first && page.contains("第 3 号") && page.contains("替代第 2 号"), "{page}");
    assert_eq!(revenues(&portal), all(&[(1, 26)]));
    assert!(clerk.page(&first).contains("这不是最新版本"));
    assert!(!clerk.page(&third).contains("这不是最新版本"));
}

#[test]
fn a_correction_under_another_name_takes_the_place_of_what_it_corrects() {
    let portal = portal(3);
    let clerk = clerk(&portal);
    let (old, _) = clerk.send("zz年报.csv", &returns(&[(1, 10), (2, 20), (3, 30)], UNIT));
    let (new, page) = clerk.send("a_最新数据.csv", &returns(&[(1, 11), (2, 21), (3, 31)], UNIT));
    assert!(page.contains("审核通过，将用于下一次合并，不需要再做什么。") && page.contains("替代第 1 号"), "{page}");
    assert!(page.contains("第 2 版（本版）"), "it joins the return's versions: {page}");
    assert_eq!(revenues(&portal), all(&[(1, 11), (2, 21), (3, 31)]));
    let page = clerk.page(&new);
    assert!(page.contains("最近一次合并的采用情况") && page.contains("共 3 条，采用 <strong>3</strong> 条"), "{page}");
    let page = clerk.page(&old);
    assert!(page.contains("共 3 条，采用 <strong>0</strong> 条") && page.contains("统计局/第2号_a_最新数据.csv"), "{page}");
    let list = clerk.0.page("/uploads");
    assert!(list.contains("已由第 2 号替代") && list.contains("3/3 条") && list.contains("0/3 条"), "{list}");
}

#[test]
fn files_of_different_enterprises_stand_beside_each_other_whatever_they_are_called() {
    let portal = portal(4);
    let clerk = clerk(&portal);
    let (one, _) = clerk.send("年报.csv", &returns(&[(1, 10), (2, 20)], UNIT));
    let (_, page) = clerk.send("年报.csv", &returns(&[(3, 30), (4, 40)], UNIT));
    assert!(page.contains("第 1 版（本版）") && !page.contains("替代第 1 号"), "{page}");
    assert_eq!(revenues(&portal), all(&[(1, 10), (2, 20), (3, 30), (4, 40)]));
    let page = clerk.page(&one);
    assert!(!page.contains("这不是最新版本") && page.contains("采用 <strong>2</strong> 条"), "{page}");
}

#[test]
fn amounts_without_a_unit_take_nothings_place_unless_the_clerk_says_so() {
    let portal = portal(3);
    let clerk = clerk(&portal);
    let sound = [(1, 10), (2, 20), (3, 30)];
    let (old, _) = clerk.send("年报.csv", &returns(&sound, UNIT));
    let (new, page) = clerk.send("年报_更正.csv", &returns(&[(1, 11), (2, 21), (3, 31)], ""));
    assert!(page.contains("暂不替代第 1 号") && page.contains("替代第 1 号后，3 家企业的营业收入"), "{page}");
    assert_eq!(revenues(&portal), all(&sound));
    let page = clerk.page(&new);
    assert!(page.contains("3 条金额无法读取，仍以前一份为准：统计局/第1号_年报.csv"), "{page}");
    assert!(!clerk.page(&old).contains("这不是最新版本"));
    let told = portal.site.findings();
    assert!(told.iter().any(|f| f.starts_with("SRC-012")), "{told:?}");
    assert_eq!(clerk.choose(&new, &old, "replace"), 303);
    let page = clerk.page(&new);
    assert!(
        page.contains("statistics 于") && page.contains("选择了“替代”") && page.contains("家企业的营业收入") && page.contains("将缺失"),
        "{page}"
    );
    assert!(revenues(&portal).values().all(Option::is_none), "it was said");
    // The unit is stated at last, under whatever name.
    clerk.send("有单位.csv", &returns(&[(1, 12), (2, 22), (3, 32)], UNIT));
    assert_eq!(revenues(&portal), all(&[(1, 12), (2, 22), (3, 32)]));
}

#[test]
fn what_is_open_is_asked_and_the_answer_is_kept() {
    let mut portal = portal(6);
    let clerk = Clerk(portal.sign_in("statistics"));
    let (old, _) = clerk.send("甲.csv", &returns(&[(1, 10), (2, 20), (3, 30), (4, 40)], UNIT));
    let (new, page) = clerk.send("乙.csv", &returns(&[(3, 33), (4, 44), (5, 55), (6, 66)], UNIT));
    assert!(page.contains("请确认：") && page.contains("替代第 1 号") && page.contains("补充（不同企业）"), "{page}");
    assert!(page.contains("value=\"replace\" required checked") && page.contains("第 1 号中有 2 条记录本份没有"), "{page}");
    assert!(clerk.0.page("/uploads").contains("请选择替代或补充"));
    let later = [(3, 33), (4, 44), (5, 55), (6, 66)];
    let likely = revenues(&portal);
    assert_eq!(likely[&1], None, "the likely applies");
    assert_eq!(likely[&3], Some(33));
    // Nobody chooses for another bureau, nor against the order of receipt.
    let other = Clerk(portal.sign_in("market"));
    assert_eq!(other.choose(&new, &old, "supplement"), 404);
    assert_eq!(clerk.choose(&old, &new, "supplement"), 404);
    assert_eq!(clerk.choose(&new, &old, "supplement"), 303);
    assert_eq!(revenues(&portal), all(&[&[(1, 10), (2, 20)], &later[..]].concat()), "the later receipt's records count");
    let conflicts = portal.site.table("conflicts");
    assert!(conflicts.iter().any(|c| c["used"] == "33" && c["other"] == "30"), "{conflicts:?}");
    portal.kill();
    portal.restart();
    let clerk = Clerk(portal.sign_in("statistics"));
    let page = clerk.page(&new);
    assert!(page.contains("选择了“补充”") && page.contains("value=\"supplement\" checked") && !page.contains("请确认："), "{page}");
    let page = clerk.page(&old);
    assert!(page.contains("采用 <strong>2</strong> 条") && page.contains("2 条与其他记录重复"), "{page}");
    assert_eq!(clerk.choose(&new, &old, "replace"), 303, "another word");
    assert_eq!(revenues(&portal)[&1], None);
    let audit = portal.sign_in("auditor").get("/audit").text();
    assert!(audit.contains("选择替代或补充"), "{audit}");
}

#[test]
fn a_new_version_of_what_is_out_of_use_replaces_what_took_its_place() {
    let portal = portal(3);
    let clerk = clerk(&portal);
    let (first, _) = clerk.send("年报.csv", &returns(&[(1, 10), (2, 20)], UNIT));
    clerk.send("年报.csv", &returns(&[(1, 11), (2, 21)], UNIT));
    let (_, page) = clerk.replace("年报.csv", &returns(&[(3, 30)], UNIT), &first);
    assert!(page.contains("替代第 2 号") && page.contains("第 2 号中有 2 条记录本份没有"), "{page}");
    assert_eq!(revenues(&portal), [(1, None), (2, None), (3, Some(30))].into());
}

#[test]
fn files_of_a_folder_follow_the_same_rule() {
    let site = Site::new("2024-06-30", QUIET);
    site.input("工信局/名录.csv", directory(2));
    site.input("统计局/zz.csv", returns(&[(1, 10), (2, 20)], UNIT));
    let portal = Portal::start(site);
    assert_eq!(revenues(&portal), all(&[(1, 10), (2, 20)]));
    // A second of the clock, by which receipts of folders are ordered.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    portal.site.input("统计局/aa.csv", returns(&[(1, 11), (2, 21)], UNIT));
    assert_eq!(revenues(&portal), all(&[(1, 11), (2, 21)]), "what came later counts, whatever it is called");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    portal.site.input("统计局/aa_更正.csv", returns(&[(1, 12), (2, 22)], ""));
    assert_eq!(revenues(&portal), all(&[(1, 11), (2, 21)]), "no unit, no place");
    let clerk = clerk(&portal);
    clerk.send("上传.csv", &returns(&[(1, 13), (2, 23)], UNIT));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(revenues(&portal), all(&[(1, 13), (2, 23)]));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    portal.site.input("统计局/mm.csv", returns(&[(1, 14), (2, 24)], UNIT));
    assert_eq!(revenues(&portal), all(&[(1, 14), (2, 24)]), "it was not there when the run looked after the upload");
}

#[test]
fn an_upload_is_told_what_it_is_to_a_file_of_a_folder() {
    let site = Site::new("2024-06-30", QUIET);
    site.input("工信局/名录.csv", directory(6));
    site.input("统计局/年报.csv", returns(&[(1, 10), (2, 20), (3, 30), (4, 40)], UNIT));
    let portal = Portal::start(site);
    let clerk = clerk(&portal);
    assert_eq!(revenues(&portal)[&1], Some(10));
    let (part, page) = clerk.send("乙.csv", &returns(&[(3, 33), (4, 44), (5, 55), (6, 66)], UNIT));
    let file = "自动收取的文件“统计局/年报.csv”";
    assert!(page.contains("请确认：") && page.contains(&format!("替代{file}")) && page.contains("相同 2 条"), "{page}");
    let older = between(&page, "name=\"older\" value=\"", "\"").to_owned();
    assert!(clerk.0.page("/uploads").contains("请选择替代或补充"));
    assert_eq!(revenues(&portal)[&1], None, "the likely applies");
    // What was said of a folder's file counts in runs.
    assert_eq!(clerk.choose(&part, "-999", "supplement"), 404, "no such file");
    assert_eq!(clerk.choose(&part, &older, "supplement"), 303);
    assert!(clerk.page(&part).contains("选择了“补充”"));
    assert_eq!(revenues(&portal), all(&[(1, 10), (2, 20), (3, 33), (4, 44), (5, 55), (6, 66)]));
    // A folder's file that comes later takes the uploads' place, as their pages say.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let whole: Vec<(u32, i64)> = (1..=6).map(|i| (i, i64::from(i) * 100)).collect();
    portal.site.input("统计局/新表.csv", returns(&whole, UNIT));
    assert_eq!(revenues(&portal), all(&whole));
    let page = clerk.page(&part);
    assert!(page.contains("这不是最新版本") && page.contains("已由<span class=\"wrap\">自动收取的文件“统计局/新表.csv”</span>"), "{page}");
    // A file that is gone is no longer anything to anybody.
    std::fs::remove_file(portal.site.path("inputs/统计局/新表.csv")).expect("the file");
    revenues(&portal);
    assert!(!clerk.page(&part).contains("新表.csv"));
    // What would be lost for want of a unit waits behind a folder's file too.
    std::fs::remove_file(portal.site.path("inputs/统计局/年报.csv")).expect("the file");
    portal.site.input("统计局/全年.csv", returns(&whole, UNIT));
    assert_eq!(revenues(&portal), all(&whole));
    let (_, page) = clerk.send("丙.csv", &returns(&whole, ""));
    assert!(page.contains("暂不替代自动收取的文件“统计局/全年.csv”"), "{page}");
    assert_eq!(revenues(&portal), all(&whole));
}

#[test]
fn corrections_piece_by_piece_are_told_before_the_night() {
    let portal = portal(4);
    let clerk = clerk(&portal);
    let (whole, _) = clerk.send("全部.csv", &returns(&[(1, 10), (2, 20), (3, 30), (4, 40)], UNIT));
    clerk.send("更正一.csv", &returns(&[(1, 11)], UNIT));
    let page = clerk.page(&whole);
    assert!(page.contains("中1 条以") && page.contains("其余照常采用") && !page.contains("这不是最新版本"), "{page}");
    clerk.send("更正二.csv", &returns(&[(1, 12), (2, 22)], UNIT));
    assert!(clerk.page(&whole).contains("中2 条以"), "the first is in both corrections");
    clerk.send("更正三.csv", &returns(&[(3, 33), (4, 44)], UNIT));
    let page = clerk.page(&whole);
    assert!(page.contains("这不是最新版本") && page.contains("全部 4 条以"), "{page}");
    assert!(clerk.0.page("/uploads").contains("全部 4 条已由第 3 号、第 4 号更正"));
    assert_eq!(revenues(&portal), all(&[(1, 12), (2, 22), (3, 33), (4, 44)]));
    assert!(clerk.page(&whole).contains("采用 <strong>0</strong> 条"));
}

#[test]
fn of_a_workbook_of_two_years_the_one_that_waits_is_named() {
    let portal = portal(3);
    let clerk = clerk(&portal);
    clerk.send("去年.csv", &returns(&[(1, 10), (2, 20), (3, 30)], UNIT));
    // Of 2022 nothing is there yet; of 2023 revenues cannot be read.
    let unread = two_years(&[(1, 71), (2, 72), (3, 73)], &[(1, 0), (2, 0), (3, 0)]).replace(",2023,0,", ",2023,约一百,");
    let (id, page) = clerk.send("两年.csv", &unread);
    assert!(page.contains("<strong>企业经营情况年报 2023 年暂不采用</strong>，仍以第 1 号为准"), "{page}");
    assert!(!page.contains("改正之前，这份报表不替代以前的报送"), "one year of it is in use: {page}");
    assert!(clerk.0.page("/uploads").contains("企业经营情况年报 2023 年暂不采用，仍以第 1 号为准"));
    assert_eq!(revenues(&portal), all(&[(1, 10), (2, 20), (3, 30)]));
    let page = clerk.page(&id);
    assert!(page.contains("共 6 条，采用 <strong>3</strong> 条"), "{page}");
}

#[test]
fn one_amount_with_a_unit_does_not_carry_those_without() {
    let portal = portal(3);
    let clerk = clerk(&portal);
    let sound = [(1, 10), (2, 20), (3, 30)];
    clerk.send("年报.csv", &returns(&sound, UNIT));
    let hollow = returns(&[(1, 11), (2, 21), (3, 31)], "")
        .replace("所有者权益合计\n", "所有者权益合计,研发费用（元）\n")
        .replace(",40\n", ",40,9000\n");
    let (_, page) = clerk.send("年报_更正.csv", &hollow);
    assert!(page.contains("暂不替代第 1 号") && page.contains("3 家企业的营业收入"), "{page}");
    assert_eq!(revenues(&portal), all(&sound));
}

#[test]
fn amounts_that_a_narrower_return_leaves_out_are_told_before_the_night_and_after_it() {
    let portal = portal(3);
    let clerk = clerk(&portal);
    clerk.send("年报.csv", &returns(&[(1, 10), (2, 20), (3, 30)], UNIT));
    let rows: String = (1..=3).map(|i| format!("{},龙南市第{i}有限公司,9000\n", code(i))).collect();
    let narrow = format!("企业经营情况（2023年）,,\n单位：元,,\n统一社会信用代码,企业名称,研发费用\n{rows}");
    let (id, page) = clerk.send("研发.csv", &narrow);
    assert!(page.contains("替代第 1 号后，3 家企业的") && page.contains("营业收入、") && page.contains("将缺失"), "{page}");
    assert!(revenues(&portal).values().all(Option::is_none));
    let page = clerk.page(&id);
    assert!(page.contains("本份替代以前的报送后，3 家企业的") && page.contains("缺失</strong></li>"), "{page}");
}

/// Returns of two years in one sheet after another, as a workbook of two forms would hold them.
fn two_years(of_2022: &[(u32, i64)], of_2023: &[(u32, i64)]) -> String {
    let rows = |year: i32, enterprises: &[(u32, i64)]| -> String {
        enterprises.iter().map(|(i, r)| format!("{},龙南市第{i}有限公司,{year},{r},3,100,60,40\n", code(*i))).collect()
    };
    let head = "统一社会信用代码,企业名称,年度,营业收入,利润总额,资产总计,负债合计,所有者权益合计";
    format!("企业经营情况,,,,,,,\n{UNIT},,,,,,,\n{head}\n{}{}", rows(2022, of_2022), rows(2023, of_2023))
}

#[test]
fn a_choice_is_of_the_form_and_year_asked() {
    let portal = portal(6);
    let clerk = clerk(&portal);
    // Of 2022 two different halves, of 2023 a list of which the likely is that it replaces the former.
    let (old, _) = clerk.send("甲.csv", &two_years(&[(1, 71), (2, 72), (3, 73)], &[(1, 10), (2, 20), (3, 30), (4, 40)]));
    let (new, page) = clerk.send("乙.csv", &two_years(&[(3, 83), (4, 84), (5, 85)], &[(3, 33), (4, 44), (5, 55), (6, 66)]));
    assert!(page.matches("请确认：").count() == 2 && page.contains("name=\"period\" value=\"2023\""), "{page}");
    let likely = revenues(&portal);
    let before = portal.site.table("enterprises");
    assert_eq!(clerk.choose(&new, &old, "replace"), 303, "as it is selected");
    assert_eq!(revenues(&portal), likely);
    assert_eq!(portal.site.table("enterprises"), before, "2022 is as it was");
    assert_eq!(clerk.page(&new).matches("请确认：").count(), 1, "the other year is still asked");
    assert_eq!(clerk.choose_of(("returns", "2021"), &new, &old, "replace"), 404);
    assert_eq!(clerk.choose_of(("directory", ""), &new, &old, "replace"), 404);
}

#[test]
fn a_new_version_of_a_refused_one_replaces_what_that_was_to_replace() {
    let portal = portal(3);
    let clerk = clerk(&portal);
    let (first, _) = clerk.send("年报.csv", &returns(&[(1, 10), (2, 20)], UNIT));
    let (refused, page) = clerk.replace("年报.csv", "无关的内容\n", &first);
    assert!(page.contains("这份文件没有采用"), "{page}");
    let (_, page) = clerk.replace("年报.csv", &returns(&[(3, 30)], UNIT), &refused);
    assert!(page.contains("替代第 1 号"), "{page}");
    assert_eq!(revenues(&portal), [(1, None), (2, None), (3, Some(30))].into());
}

#[test]
fn what_another_replaced_asks_no_more() {
    let portal = portal(6);
    let clerk = clerk(&portal);
    clerk.send("甲.csv", &returns(&[(1, 10), (2, 20), (3, 30), (4, 40)], UNIT));
    let later = [(3, 33), (4, 44), (5, 55), (6, 66)];
    let (second, page) = clerk.send("乙.csv", &returns(&later, UNIT));
    assert!(page.contains("请确认："), "{page}");
    clerk.send("丙.csv", &returns(&later, UNIT));
    let page = clerk.page(&second);
    assert!(!page.contains("请确认：") && page.contains("这不是最新版本"), "{page}");
    assert!(!clerk.0.page("/uploads").contains("请选择替代或补充"));
}
