//! 情况说明: the bureau answers a finding that asks; the verdict follows.

use super::own::own;
use super::result::Found;
use super::room::Uploads;
use super::shown::Key;
use crate::ledger::{Answer, Verdict};
use crate::portal::actor::Actor;
use crate::portal::error::PortalError;
use std::collections::{BTreeSet, HashSet};

/// Findings that one explanation may answer; a cause of more of them is corrected, not explained.
pub const MOST_AT_ONCE: usize = 2000;

/// Shortest explanation, in characters.
pub const SHORTEST: usize = 10;

/// Explains a finding of an upload, and if asked all open ones of its code; gives how many.
pub async fn explain(
    uploads: &Uploads,
    (actor, address): (&Actor, &str),
    id: &str,
    key: &str,
    text: &str,
    alike: bool,
) -> Result<usize, PortalError> {
    let upload = own(uploads, actor, id).await?;
    let text = text.trim().to_owned();
    if text.chars().count() < SHORTEST {
        return Err(PortalError::Refused("explanation_short", vec![SHORTEST.to_string()]));
    }
    let result = upload.result.clone().ok_or(PortalError::Conflict("unchecked"))?;
    loop {
        let series = upload.series.clone();
        let before: HashSet<String> = uploads.read(move |l| l.explanations(&series)).await?.into_iter().map(|e| e.finding).collect();
        let (shared, result, asked, known) = (uploads.clone(), result.clone(), key.to_owned(), before.clone());
        let answers = tokio::task::spawn_blocking(move || {
            let found = shared.intake.found(&result).ok_or(PortalError::Conflict("unchecked"))?;
            let answers = answered(&found, &asked, alike, &known)?;
            let explained = known.iter().chain(&answers).filter_map(|k| Key::of(k)).collect();
            Ok::<_, PortalError>((answers, found.verdict(&explained)?))
        });
        let (new, (verdict, tally)) = answers.await.map_err(|e| PortalError::bug(e.to_string()))??;
        let (upload, key, text) = (upload.clone(), key.to_owned(), text.clone());
        let kept = uploads.change(actor, address, move |l, by| {
            // Somebody else may have explained something meanwhile, so that fewer findings are open.
            if l.explanations(&upload.series)?.into_iter().any(|e| !before.contains(&e.finding)) {
                return Ok(None);
            }
            let settled = (upload.verdict != Some(Verdict::Refused)).then_some((verdict, tally.open));
            l.explain(&Answer { upload: &upload.id, series: &upload.series, asked: &key, findings: &new, text: &text, settled }, by)?;
            Ok(Some(new.len()))
        });
        if let Some(explained) = kept.await? {
            return Ok(explained);
        }
    }
}

/// The findings that an explanation of one answers: that one, and if so asked the open ones of its code.
///
/// What was explained in its own words keeps them; the one named may be put better.
fn answered(found: &Found, asked: &str, alike: bool, before: &HashSet<String>) -> Result<Vec<String>, PortalError> {
    let named = Key::of(asked).ok_or(PortalError::NotFound)?;
    let mut code = None;
    for entry in found.list().questions()? {
        let entry = entry?;
        if entry.key == named {
            code = Some(entry.code);
            break;
        }
    }
    let code = code.ok_or(PortalError::NotFound)?;
    let mut keys = BTreeSet::from([asked.to_owned()]);
    if alike {
        for entry in found.list().questions()? {
            let entry = entry?;
            let key = entry.key.to_string();
            if entry.code == code && !before.contains(&key) {
                keys.insert(key);
            }
            if keys.len() > MOST_AT_ONCE {
                return Err(PortalError::Refused("explanation_many", vec![MOST_AT_ONCE.to_string()]));
            }
        }
    }
    Ok(keys.into_iter().collect())
}
