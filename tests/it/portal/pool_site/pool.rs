//! The pool in the browser: editions, the way back to cells, changes between runs.

use super::{Portal, Visitor};
use crate::util::{Row, read_csv};

/// The address of an enterprise's page, as the table links it.
async fn address(visitor: &Visitor, code: &str) -> String {
    let (status, page) = visitor.get(&format!("/pool?q={code}")).await;
    assert_eq!(status, 200);
    let from = page.find("href=\"/pool/").into_iter().chain(page.match_indices("<th scope=\"row\"><a href=\"").map(|(i, _)| i)).last();
    let rest = &page[from.expect("a row")..];
    rest.split("href=\"").nth(1).expect("a link").split('"').next().expect("an address").to_owned()
}

/// An amount in yuan as the pages show it.
fn shown(yuan: &str) -> String {
    let amount: rust_decimal::Decimal = yuan.parse().expect("a decimal");
    let text = format!("{:.2}", (amount / rust_decimal::Decimal::from(10_000)).round_dp(2));
    let (whole, rest) = text.split_once('.').expect("two places");
    let digits: Vec<char> = whole.trim_start_matches('-').chars().collect();
    let threes: Vec<String> = digits.rchunks(3).rev().map(|c| c.iter().collect()).collect();
    format!("{}{}.{rest}", if text.starts_with('-') { "-" } else { "" }, threes.join(","))
}

fn find(rows: &[Row], consented: &str) -> Row {
    let fits = |r: &&Row| r["consented"] == consented && r["revenue_2025"].len() > 7 && r["verdict_revenue_stated"] == "met";
    rows.iter().find(fits).expect("such an enterprise").clone()
}

#[tokio::test]
async fn each_role_sees_its_edition_and_no_other() {
    let portal = Portal::demo();
    let leader = portal.sign_in("leader").await;
    portal.run();
    let rows = read_csv(&portal.site().join("outputs/latest/data/enterprises.csv"));
    let (silent, consenting) = (find(&rows, "false"), find(&rows, "true"));
    let operator = portal.sign_in("operator").await;
    let page = address(&operator, &silent["uscc"]).await;
    let figure = shown(&silent["revenue_2025"]);

    for closed in [&leader, &portal.sign_in("auditor").await] {
        assert!(closed.get(&page).await.1.contains(&figure));
        let (status, source) = closed.get(&format!("{page}/source?field=revenue_2025")).await;
        assert_eq!(status, 200);
        assert!(source.contains("class=\"hit\"") && source.contains(&silent["uscc"]) && source.contains(&figure));
        let others = rows.iter().filter(|r| r["uscc"] != silent["uscc"] && !r["uscc"].is_empty());
        assert!(others.into_iter().all(|r| !source.contains(&r["uscc"])), "no other enterprise's row is shown");
    }
    for masked in [&operator, &portal.sign_in("member").await] {
        let (status, body) = masked.get(&page).await;
        assert_eq!(status, 200);
        assert!(body.contains("授权后可见") && !body.contains(&figure) && !body.contains(&silent["revenue_2025"]));
        assert!(!masked.get(&format!("/pool?q={}", silent["uscc"])).await.1.contains(&figure));
        for field in ["revenue_2025", "revenue_last", "profit_margin", "total_assets", "total_assets_2024", "figure_revenue_stated"] {
            assert_eq!(masked.get(&format!("{page}/source?field={field}")).await.0, 404, "{field}");
        }
        let theirs = address(masked, &consenting["uscc"]).await;
        assert!(masked.get(&theirs).await.1.contains(&shown(&consenting["revenue_2025"])));
        assert_eq!(masked.get(&format!("{theirs}/source?field=revenue_2025")).await.0, 200);
    }
    for outsider in ["statistics", "administrator"] {
        let outsider = portal.sign_in(outsider).await;
        for path in ["/pool", "/pool/changes", page.as_str(), &format!("{page}/source?field=name")] {
            assert_eq!(outsider.get(path).await.0, 403, "{path}");
        }
    }
    assert_eq!(leader.get("/pool/0123456789abcdef0123").await.0, 404);
    let ledger = rusqlite::Connection::open(portal.site().join("outputs/.huichi/ledger.sqlite")).expect("the ledger");
    let noted = |action: &str| -> i64 {
        let sql = "SELECT count(*) FROM audit WHERE action = ?1 AND object = ?2";
        ledger.query_row(sql, [action, &silent["uscc"]], |row| row.get(0)).expect("a count")
    };
    assert_eq!((noted("view_enterprise"), noted("view_source")), (4, 2));
}

#[tokio::test]
async fn every_figure_of_a_page_leads_to_its_cell() {
    let portal = Portal::demo();
    portal.run();
    let rows = read_csv(&portal.site().join("outputs/latest/data/enterprises.csv"));
    let leader = portal.sign_in("leader").await;
    let row = find(&rows, "true");
    let page = address(&leader, &row["uscc"]).await;
    let (_, body) = leader.get(&page).await;
    let links: Vec<String> =
        body.split("href=\"").skip(1).filter_map(|l| l.split('"').next()).filter(|l| l.contains("/source?")).map(str::to_owned).collect();
    assert!(links.len() > 20, "{} links", links.len());
    for link in links {
        let link = link.replace("&#38;", "&").replace("&amp;", "&");
        let (status, source) = leader.get(&link).await;
        assert_eq!(status, 200, "{link}");
        assert!(source.contains("class=\"hit\""), "{link}");
    }
}

#[tokio::test]
async fn what_changed_is_told_with_the_run_before() {
    let portal = Portal::demo();
    portal.run();
    let operator = portal.sign_in("operator").await;
    assert!(operator.get("/pool/changes").await.1.contains("没有更早一次合并"));
    let needs = portal.site().join("inputs/工信局/融资需求.csv");
    let bytes = std::fs::read(&needs).expect("the needs");
    let text = encoding_rs::GB18030.decode(&bytes).0.into_owned();
    let row = &read_csv(&portal.site().join("outputs/latest/data/needs.csv"))[0];
    let line = text.lines().nth(1).expect("a record");
    let changed = line.replacen(&format!(",{},", row["need_amount_raw"]), ",1234.56,", 1);
    assert_ne!(line, changed);
    std::fs::write(&needs, encoding_rs::GB18030.encode(&text.replacen(line, &changed, 1)).0).expect("written");
    portal.run();
    let (status, page) = operator.get("/pool/changes").await;
    assert_eq!(status, 200);
    assert!(page.contains("变动的数值（1 项）") && page.contains("1,234.56") && page.contains(&shown(&row["need_amount"])), "{page}");
    assert!(operator.get(&format!("/pool?q={}", row["uscc"])).await.1.contains("1,234.56"), "the table shows the new run at once");
}
