//! What the portal shows to each role, and answers programs, of a small city with a run and returns of every verdict.

use super::{MULTIPART, Portal, QUIET, Visitor, multipart, until};
use crate::util::{redacted, small_with};
use huichi::model::role::Role;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A portal whose clerks sent four returns, and whose operator had them gathered.
fn portal() -> Portal {
    let portal = Portal::start_with(small_with(QUIET), &["--clock", "2024-07-01T09:00:00+08:00"]);
    let send = |clerk: &str, name: &str, content: &[u8]| {
        let visitor = portal.sign_in(clerk);
        let file = format!("name=\"file\"; filename=\"{name}\"");
        let form = multipart(&[("name=\"csrf\"", visitor.csrf.as_bytes()), (&file, content)]);
        assert_eq!(visitor.ask("POST", "/uploads", MULTIPART, &form).status, 303, "{name}");
        let page = linked(&visitor.page("/uploads"), "/uploads/");
        until(60, "its verdict", || (!visitor.page(&page).contains("http-equiv=\"refresh\"")).then_some(()));
    };
    let fixture = |name: &str| std::fs::read(crate::util::tests().join("fixtures/small").join(name)).expect("a fixture");
    send("industry", "名录.csv", &fixture("工信局/名录.csv"));
    send("statistics", "经营情况_2023年.csv", &fixture("统计局/经营情况_2023年.csv"));
    send("statistics", "说明.csv", "各位好\n请查收\n".as_bytes());
    send("market", "专利清单.csv", &fixture("市监局/专利清单.csv"));
    let operator = portal.sign_in("operator");
    assert_eq!(operator.post("/runs/start", &[]).status, 303);
    until(120, "a run", || {
        let runs = operator.page("/runs");
        assert!(!runs.contains("mark failed"), "{}", words(&runs, "operator"));
        (portal.site.path("outputs/latest").exists() && operator.get("/runs/progress").status == 204).then_some(())
    });
    // The run tells of the files in folders what checks then look at.
    for clerk in ["industry", "statistics", "market"].map(|name| portal.sign_in(name)) {
        let list = clerk.page("/uploads");
        for id in list.split("href=\"/uploads/").skip(1).filter_map(|link| link.split('"').next()).filter(|id| id.len() == 32) {
            until(60, "its verdict", || (!clerk.page(&format!("/uploads/{id}")).contains("http-equiv=\"refresh\"")).then_some(()));
        }
    }
    portal
}

#[test]
fn every_page_as_each_role_sees_it() {
    let portal = portal();
    let names = Role::ALL.map(|role| if role == Role::Clerk { "statistics" } else { role.id() });
    let visitors: Vec<(&str, Visitor)> = names.into_iter().map(|name| (name, portal.sign_in(name))).collect();
    let upload = linked(&portal.sign_in("statistics").page("/uploads"), "/uploads/");
    let run = linked(&portal.sign_in("leader").page("/runs"), "/runs/");
    let enterprise = linked(&portal.sign_in("leader").page("/pool?q=91360783MAYYK00170"), "/pool/");
    let masked = linked(&portal.sign_in("leader").page("/pool?q=91360783MAYYK0025T"), "/pool/");
    let pages = [
        ("uploads", "/uploads".to_owned()),
        ("upload", upload),
        ("last_run", "/uploads/last-run".to_owned()),
        ("calendar", "/calendar".to_owned()),
        ("pool", "/pool".to_owned()),
        ("enterprise", enterprise.clone()),
        ("enterprise_without_consent", masked),
        ("source", format!("{enterprise}/source?field=revenue_2023")),
        ("list", "/pool/list".to_owned()),
        ("changes", "/pool/changes".to_owned()),
        ("quality", "/quality".to_owned()),
        ("quality_edit", "/quality/F1".to_owned()),
        ("runs", "/runs".to_owned()),
        ("run", run),
        ("audit", "/audit".to_owned()),
        ("accounts", "/accounts".to_owned()),
        ("account", "/accounts/new".to_owned()),
        ("password", "/password".to_owned()),
        ("not_found", "/no-such-page".to_owned()),
    ];
    for (name, path) in pages {
        // Roles that see the same are named together.
        let mut shown: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (role, visitor) in &visitors {
            let answer = visitor.get(&path);
            shown.entry(format!("{}\n{}", answer.status, words(&answer.text(), role))).or_default().push(role);
        }
        let mut all: Vec<String> = shown.into_iter().map(|(page, roles)| format!("== {}: {page}", roles.join(", "))).collect();
        all.sort();
        insta::assert_snapshot!(name, all.join("\n"));
    }
    insta::assert_snapshot!("sign_in", words(&portal.stranger().page("/sign-in"), ""));
}

#[test]
fn what_the_api_answers() {
    let portal = portal();
    let leader = portal.sign_in("leader");
    let answers: String = ["/api/v1/pool", "/api/v1/runs", "/api/v1/quality", "/api/v1/calendar"]
        .iter()
        .map(|path| {
            let answer = leader.get(path);
            let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            format!("== {path} {}\n{body:#}\n", answer.status)
        })
        .collect();
    insta::assert_snapshot!(redacted(&answers));
    let described: serde_json::Value = serde_json::from_slice(&leader.get("/api/v1/openapi.json").body).expect("a description");
    let paths: Vec<String> = described["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, ways)| ways.as_object().expect("ways").keys().map(move |way| format!("{} {path}", way.to_uppercase())))
        .collect();
    insta::assert_snapshot!("api_paths", paths.join("\n"));
}

/// The first link of a page that goes below an address.
fn linked(page: &str, below: &str) -> String {
    let start = format!("href=\"{below}");
    let links = page.match_indices(&start).map(|(at, _)| page[at + 6..].split('"').next().unwrap_or_default());
    // Ids hold digits, the words of other pages do not.
    let mut own =
        links.filter(|link| link.rsplit('/').next().is_some_and(|last| last.contains(|c: char| c.is_ascii_digit())) && !link.contains('?'));
    own.next().unwrap_or_else(|| panic!("no link below {below}")).to_owned()
}

/// A page's words, a line each element that stands apart, without what its own visitor is called.
fn words(page: &str, role: &str) -> String {
    static APART: LazyLock<regex::Regex> = LazyLock::new(|| {
        regex::Regex::new(r"(?s)<(script|style|svg)\b.*?</(script|style|svg)>|</?(p|h\d|li|tr|table|section|form|dl|dt|dd|div|nav|header|main|footer|ul|ol|option|label|button|summary|details|article|fieldset|legend|input|select|caption|thead|tbody)\b[^>]*>").expect("a pattern")
    });
    static WITHIN: LazyLock<regex::Regex> = LazyLock::new(|| regex::Regex::new(r"<[^>]*>").expect("a pattern"));
    let lines = APART.replace_all(page.split_once("<body").map_or(page, |(_, body)| body), "\n");
    let lines = lines.replace("</th>", " ¦ ").replace("</td>", " ¦ ");
    let plain = WITHIN.replace_all(&lines, "");
    let shown = plain.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|l| !l.is_empty() && l != ">");
    redacted(&shown.collect::<Vec<_>>().join("\n")).replace(&format!("{role} "), "‹account› ")
}
