//! 情况说明 across versions and in runs, and what a bureau sees of the last run.

use super::versions::{Clerk, UNIT, returns};
use super::{Portal, QUIET, between};
use crate::util::{Site, directory};
use serde_json::Value;

fn portal() -> Portal {
    let site = Site::new("2024-06-30", QUIET);
    site.input("工信局/名录.csv", directory(2));
    let portal = Portal::start(site);
    portal.site.run();
    portal
}

/// The key of the finding of a code on an upload's page.
fn key<'a>(page: &'a str, code: &str) -> &'a str {
    let article = page.split("<article").find(|part| part.contains(&format!(">{code}<"))).unwrap_or_else(|| panic!("{code}: {page}"));
    between(article, "id=\"f-", "\"")
}

fn explain(clerk: &Clerk, id: &str, key: &str) {
    let said = [("key", key), ("text", "这家企业已经迁出本市，不在名录中。")];
    assert_eq!(clerk.0.post(&format!("/uploads/{id}/explanations"), &said).status, 303);
}

#[test]
fn an_explanation_stays_with_its_finding_in_later_versions_and_counts_in_runs() {
    let portal = portal();
    let clerk = Clerk(portal.sign_in("statistics"));
    let (id, page) = clerk.send("年报.csv", &returns(&[(1, 10), (9, 20)], UNIT));
    let of_first = key(&page, "LNK-001").to_owned();
    explain(&clerk, &id, &of_first);
    assert!(clerk.page(&id).contains("审核通过"));
    // Another name, and a row more above it.
    let (_, page) = clerk.send("最新数据.csv", &returns(&[(1, 11), (2, 30), (9, 21)], UNIT));
    assert_eq!(key(&page, "LNK-001"), of_first, "neither file nor row tells a finding");
    assert!(page.contains("已经迁出本市") && page.contains("审核通过"), "{page}");
    portal.site.run();
    let findings = portal.site.table("findings");
    let explained: Vec<_> = findings.iter().filter(|f| !f["explained"].is_empty()).collect();
    assert_eq!(
        explained.iter().map(|f| (f["code"].as_str(), f["key"].as_str(), f["explained"].as_str())).collect::<Vec<_>>(),
        [("LNK-001", of_first.as_str(), "1")]
    );
    let record = std::fs::read_to_string(portal.site.path("outputs/latest/run.json")).expect("a record");
    let parsed: Value = serde_json::from_str(&record).expect("JSON");
    assert_eq!((parsed["counts"]["explained"].as_u64(), parsed["explained"][0]["number"].as_u64()), (Some(1), Some(1)));
    assert!(!record.contains("迁出"), "no run holds an explanation's text");
    let replayed = portal.site.huichi(&["replay", "latest"]);
    assert!(replayed.status.success(), "{}{}", crate::util::text(&replayed.stdout), crate::util::text(&replayed.stderr));
    // What was found is another: it is asked anew.
    let other = returns(&[(1, 11), (2, 30), (9, 21)], UNIT).replace("第9有限公司", "第9集团");
    let (_, page) = clerk.send("最新数据.csv", &other);
    assert!(key(&page, "LNK-001") != of_first && page.contains("确认无误、不需要改的"), "{page}");
}

#[test]
fn a_bureau_sees_what_the_last_run_found_in_its_returns_alone() {
    let site = Site::new("2024-06-30", QUIET);
    site.input("工信局/名录.csv", directory(2));
    site.input("统计局/2022.csv", returns(&[(8, 10)], UNIT).replace("2023年", "2022年"));
    let portal = Portal::start(site);
    let [statistics, market] = ["statistics", "market"].map(|name| Clerk(portal.sign_in(name)));
    assert!(statistics.0.page("/uploads/last-run").contains("还没有完成过合并"));
    portal.site.run();
    let (id, page) = statistics.send("年报.csv", &returns(&[(1, 10), (9, 20)], UNIT));
    explain(&statistics, &id, key(&page, "LNK-001"));
    portal.site.run();
    let page = statistics.0.page("/uploads/last-run");
    assert!(page.contains("统计局/2022.csv") && page.contains(&format!("/uploads/{id}#f-")) && page.contains("已经迁出本市"), "{page}");
    assert!(page.contains("其中 1 处已说明") && !page.contains("工信局/名录.csv"), "{page}");
    let said: Value = serde_json::from_str(&statistics.0.page("/api/v1/uploads/last-run")).expect("JSON");
    let files: Vec<&str> = said["findings"].as_array().expect("findings").iter().filter_map(|f| f["file"].as_str()).collect();
    assert!(!files.is_empty() && files.iter().all(|file| file.starts_with("统计局/")), "{files:?}");
    let page = market.0.page("/uploads/last-run");
    assert!(page.contains("没有发现问题") && !page.contains("统计局/"), "{page}");
    assert!(portal.sign_in("auditor").page("/uploads/last-run").contains("工信局/名录.csv"), "an auditor reads all");
    assert_eq!(portal.sign_in("operator").get("/uploads/last-run").status, 403);
}
