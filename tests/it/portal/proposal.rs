//! The proposed list, what-ifs and waivers in the browser: who may see and do what.

use super::{Portal, between};

#[test]
fn the_list_is_everybodys_and_what_ifs_are_for_the_closed_circle() {
    let portal = Portal::demo();
    let (leader, operator) = (portal.sign_in("leader"), portal.sign_in("operator"));
    for sees in [&leader, &operator, &portal.sign_in("member"), &portal.sign_in("auditor")] {
        let page = sees.page("/pool/list");
        assert!(page.contains("拟发行资产清单") && page.contains("入选") && page.contains("备选") && page.contains("发行规模"));
    }
    assert!(leader.page("/pool").contains("/pool/whatif") && !operator.page("/pool").contains("/pool/whatif"));
    for closed in [&operator, &portal.sign_in("member"), &portal.sign_in("statistics")] {
        assert_eq!(closed.get("/pool/whatif?set=title_valid%3Doff").status, 403);
    }
    assert_eq!(portal.stranger().get("/pool/list").status, 303);
    let before = portal.site.table("enterprises");
    let tried = leader.page("/pool/whatif?set=title_valid%3Doff%0Aissue.scale%3D5000%E4%B8%87%E5%85%83");
    assert!(tried.contains("入池 67 家变为 161 家") && tried.contains("5,000 万元"), "{}", between(&tried, "<p class=\"lead\">", "</p>"));
    assert_eq!(portal.site.table("enterprises"), before, "nothing is kept");
    let wrong = leader.get("/pool/whatif?set=nobody%3D3");
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("nobody=3"));
    assert!(portal.sign_in("auditor").page("/audit?action=whatif").contains("title_valid=off; issue.scale=5000万元"));
}

#[test]
fn a_waiver_is_asked_by_one_and_granted_by_another() {
    let portal = Portal::demo();
    let (leader, operator) = (portal.sign_in("leader"), portal.sign_in("operator"));
    let table = operator.page("/pool?conclusion=not_pooled");
    let id = between(&table, "<th scope=\"row\"><a href=\"/pool/", "\"").to_owned();
    assert!(operator.page(&format!("/pool/{id}")).contains(&format!("/pool/waivers?enterprise={id}")));
    assert!(operator.page(&format!("/pool/waivers?enterprise={id}")).contains("申请豁免"));
    let wish = |criterion: &'static str, until: &'static str| {
        [
            ("enterprise", id.clone()),
            ("criterion", criterion.to_owned()),
            ("until", until.to_owned()),
            ("reason", "专班会议决定".to_owned()),
        ]
    };
    let ask = |visitor: &super::Visitor, fields: &[(&str, String)]| {
        visitor.post("/pool/waivers", &fields.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>()).status
    };
    assert_eq!(ask(&operator, &wish("title_valid", "2099-12-31")), 303);
    assert_eq!(ask(&operator, &wish("nobody", "2099-12-31")), 404);
    assert_eq!(ask(&operator, &wish("title_valid", "2099-13-31")), 422);
    assert_eq!(ask(&portal.sign_in("member"), &wish("title_valid", "2099-12-31")), 403);
    assert_eq!(operator.post("/pool/waivers/1/grant", &[]).status, 403, "who asks does not grant");
    assert!(leader.page("/pool/waivers").contains("专班会议决定"));
    assert_eq!(leader.post("/pool/waivers/1/grant", &[]).status, 303);
    assert_eq!(leader.post("/pool/waivers/1/grant", &[]).status, 409);
    assert_eq!(leader.post("/pool/waivers/7/grant", &[]).status, 404);
    // What a leader asks for another leader grants.
    assert_eq!(ask(&leader, &wish("patent_free", "2099-12-31")), 303);
    assert_eq!(leader.post("/pool/waivers/2/grant", &[]).status, 409);
    assert_eq!(leader.post("/pool/waivers/1/withdraw", &[]).status, 303);
    assert!(portal.sign_in("auditor").page("/pool/waivers").contains("已撤销"));
}
