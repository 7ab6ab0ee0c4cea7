//! 情况说明: the bureau answers a finding that asks; the verdict follows.

use super::result::CheckResult;
use super::view::own;
use crate::finding::Severity;
use crate::ledger::{Answer, Verdict};
use crate::server::error::PageError;
use crate::server::session::Actor;
use crate::server::state::App;
use std::collections::HashSet;

/// Shortest explanation, in characters.
pub const SHORTEST: usize = 10;

/// Explains a finding of an upload, and if asked all open ones of its code; gives how many.
pub async fn explain(
    app: &App,
    (actor, address): (&Actor, &str),
    id: &str,
    key: &str,
    text: &str,
    alike: bool,
) -> Result<usize, PageError> {
    let upload = own(app, actor, id).await?;
    let text = text.trim().to_owned();
    if text.chars().count() < SHORTEST {
        return Err(PageError::Refused("explanation_short", vec![SHORTEST.to_string()]));
    }
    let result: CheckResult = upload.result.as_deref().and_then(|r| app.intake.kept(r)).ok_or(PageError::Conflict("unchecked"))?;
    let asks = || result.findings.iter().filter(|f| f.severity == Severity::Explain);
    let code = asks().find(|f| f.key == key).ok_or(PageError::NotFound)?.code.clone();
    let mut keys: HashSet<String> = HashSet::from([key.to_owned()]);
    if alike {
        keys.extend(asks().filter(|f| f.code == code).map(|f| f.key.clone()));
    }
    let key = key.to_owned();
    app.change(actor, address, move |l, by| {
        let before: HashSet<String> = l.explanations(&upload.series)?.into_iter().map(|e| e.finding).collect();
        // What was explained in its own words keeps them; the one named may be put better.
        let mut new: Vec<String> = keys.into_iter().filter(|k| *k == key || !before.contains(k)).collect();
        new.sort();
        let explained: HashSet<String> = before.into_iter().chain(new.iter().cloned()).collect();
        let (verdict, tally) = result.verdict(&explained);
        let settled = (upload.verdict != Some(Verdict::Refused)).then_some((verdict, tally.open));
        l.explain(&Answer { upload: &upload.id, series: &upload.series, asked: &key, findings: &new, text: &text, settled }, by)?;
        Ok(new.len())
    })
    .await
}
