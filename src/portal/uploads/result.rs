//! What a check found, in words and with excerpts, as it is kept beside the ledger.

use super::list::{CodeCount, List, ListWriter};
use super::shown::{Key, Shown};
use crate::config::Config;
use crate::content::{sealed, unsealed};
use crate::finding::{Catalogue, Finding, Renderer};
use crate::ledger::{Holding, Tally, Upload, UploadPart, Verdict};
use crate::model::record_key::RecordKey;
use crate::model::text::cut;
use crate::model::words::Lang;
use crate::pipeline::{Checked, Excerpt};
use crate::stages::acquire::hash_text;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Excerpts kept of each severity; a file with more findings of a kind is wrong as a whole.
const EXCERPTS: u64 = 1000;

/// What a check came to, without its findings, which lie beside it ([`List`]).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// Whether the file is unreadable or holds none of the forms that its source may send.
    pub refused: bool,
    /// Records read.
    pub rows: u64,
    /// Forms found.
    pub parts: Vec<UploadPart>,
    /// How many findings there are, by severity, the gravest first.
    pub counts: [u64; 3],
    /// How many there are of each code, in the order in which they come.
    pub codes: Vec<CodeCount>,
    /// Among what it was judged.
    #[serde(default)]
    pub among: Among,
    /// Edits that rest on another bureau's statistics, and so are judged by runs alone.
    #[serde(default)]
    pub left_out: u64,
}

/// Among what a file was judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Among {
    /// Nothing stood beside it.
    #[default]
    Nothing,
    /// All that stood beside it: it heard what a run would say.
    Standing,
    /// By itself for want of room, though something stood beside it: a run will say more.
    Itself,
}

impl Among {
    /// The word of it.
    pub fn id(self) -> &'static str {
        match self {
            Among::Nothing => "nothing",
            Among::Standing => "standing",
            Among::Itself => "itself",
        }
    }
}

/// The files of a result in its folder: in short, and the keys of its records.
const RESULT: &str = "result.json";
const HOLDINGS: &str = "holdings.json";

/// A form and period of the file, with the keys of its records packed.
#[derive(Serialize, Deserialize)]
struct Held {
    form: String,
    period: Option<i32>,
    keys: String,
}

impl Held {
    fn of(holding: &Holding) -> Self {
        Self { form: holding.form.clone(), period: holding.period, keys: STANDARD.encode(RecordKey::pack(&holding.keys)) }
    }

    fn holding(self) -> io::Result<Holding> {
        let keys = STANDARD.decode(self.keys).map_err(io::Error::other)?;
        Ok(Holding { form: self.form, period: self.period, keys: RecordKey::unpack(&keys) })
    }
}

impl CheckResult {
    /// Puts a check into words, one finding after another, and writes all of it into a folder.
    pub fn write(config: &Config, checked: &Checked, among: Among, folder: &Path) -> io::Result<()> {
        let catalogue = Catalogue::of(config);
        let renderer = Renderer { catalogue: &catalogue, config, places: &checked.places, lang: Lang::Zh };
        let mut findings: Vec<&Finding> = checked.findings.iter().collect();
        findings.sort_by_key(|f| f.severity);
        let refused = checked.refused > 0 || checked.parts.is_empty();
        let (rows, parts, left_out) = (checked.rows, checked.parts.clone(), checked.left_out);
        let mut result = Self { refused, rows, parts, among, left_out, ..Self::default() };
        let mut codes: HashMap<&str, usize> = HashMap::new();
        let mut list = ListWriter::create(folder)?;
        for finding in findings {
            let count = &mut result.counts[finding.severity as usize];
            *count += 1;
            let excerpt = if *count <= EXCERPTS { checked.excerpt(finding) } else { None };
            let place = *codes.entry(finding.code.as_ref()).or_insert_with(|| {
                let name = catalogue.get(&finding.code).map(|e| e.name.get(Lang::Zh).to_owned()).unwrap_or_default();
                result.codes.push(CodeCount { code: finding.code.to_string(), name, severity: finding.severity, count: 0 });
                result.codes.len() - 1
            });
            result.codes[place].count += 1;
            list.add(&shown(&renderer, finding, excerpt), u32::try_from(place).unwrap_or(u32::MAX))?;
        }
        list.finish()?;
        let held = checked.holdings.iter().filter(|_| !refused).map(Held::of).collect::<Vec<_>>();
        write(&folder.join(HOLDINGS), &held)?;
        let mut file = File::create(folder.join(RESULT))?;
        file.write_all(&sealed(&serde_json::to_vec(&result)?))?;
        file.sync_all()
    }
}

/// Writes a result and forces it to disk.
pub fn write(path: &Path, content: &impl Serialize) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    serde_json::to_writer(&mut file, content)?;
    file.into_inner().map_err(io::Error::from)?.sync_all()
}

/// What a check found: in short, and all of it on disk.
pub struct Found {
    /// In short.
    pub result: CheckResult,
    folder: PathBuf,
}

impl Found {
    /// The result in a folder; nothing if there is none as it was written.
    pub fn open(folder: PathBuf) -> Option<Self> {
        let result = serde_json::from_slice(unsealed(&std::fs::read(folder.join(RESULT)).ok()?)?).ok()?;
        Some(Self { result, folder })
    }

    /// The forms and periods of the file, with the keys of its records; nothing of one that is refused.
    pub fn holdings(&self) -> io::Result<Vec<Holding>> {
        let held: Vec<Held> = serde_json::from_slice(&std::fs::read(self.folder.join(HOLDINGS))?)?;
        held.into_iter().map(Held::holding).collect()
    }

    /// Its findings.
    pub fn list(&self) -> List<'_> {
        List::new(&self.folder, self.result.counts)
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// By code, how many of the findings that ask are open, given which are explained.
    pub fn open_by_code(&self, explained: &HashSet<Key>) -> io::Result<Vec<u64>> {
        let mut open = vec![0; self.result.codes.len()];
        for entry in self.list().questions()? {
            let entry = entry?;
            if !explained.contains(&entry.key)
                && let Some(count) = open.get_mut(entry.code)
            {
                *count += 1;
            }
        }
        Ok(open)
    }

    /// The verdict and the numbers, given which findings are explained.
    pub fn verdict(&self, explained: &HashSet<Key>) -> io::Result<(Verdict, Tally)> {
        let open = self.open_by_code(explained)?.iter().sum();
        let CheckResult { refused, rows, parts, counts: [errors, explains, notes], .. } = self.result.clone();
        let verdict = match () {
            () if refused => Verdict::Refused,
            () if errors == 0 && open == 0 => Verdict::Accepted,
            () => Verdict::NeedsCorrection,
        };
        Ok((verdict, Tally { rows, errors, explains, open, notes, parts }))
    }
}

/// Characters of a text of a finding at most: a cell may hold a million.
const LONGEST: usize = 500;

fn shown(renderer: &Renderer<'_>, finding: &Finding, mut excerpt: Option<Excerpt>) -> Shown {
    let r = renderer.render(finding);
    let short = |text: String| cut(text, LONGEST);
    for text in excerpt.iter_mut().flat_map(|e| &mut e.rows).flat_map(|(_, cells)| cells) {
        *text = short(std::mem::take(text));
    }
    for (_, label) in excerpt.iter_mut().flat_map(|e| &mut e.columns) {
        *label = short(std::mem::take(label));
    }
    Shown {
        key: finding.key.to_string(),
        code: finding.code.to_string(),
        severity: finding.severity,
        sheet: short(r.sheet),
        cell: r.cell,
        related: short(r.related),
        field: short(r.field),
        found: short(r.found),
        expected: short(r.expected),
        message: short(r.message),
        help: short(r.help),
        excerpt,
    }
}

/// All that decides a check besides the content and its source. `stated` are the settings as they were read, whose text
/// for hashing is at hand.
pub fn settings(stated: &Config, today: &Config, upload: &Upload) -> String {
    let all = format!("{}\n{}\n{}\n{}", env!("CARGO_PKG_VERSION"), stated.fingerprint(), today.as_of, upload.name);
    hash_text(&all)[..16].to_owned()
}

/// The name of the folder of a result; `beside` tells what the upload was judged among.
pub fn folder_name(upload: &Upload, settings: &str, beside: &str) -> String {
    let source: String = upload.source.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect();
    format!("{}-{source}-{settings}-{}-{beside}", upload.sha256, upload.number)
}

/// Whether a result is of a check among what stands now.
pub fn is_among(result: &str, beside: &str) -> bool {
    result.rsplit('-').next() == Some(beside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::severity::Severity;

    /// The verdict and how many findings stay open, of findings by key and severity.
    fn verdict(findings: &[(u128, Severity)], refused: bool, explained: &[u128]) -> (Verdict, u64) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut list = ListWriter::create(folder.path()).expect("a list");
        let mut counts = [0; 3];
        for (key, severity) in findings {
            counts[*severity as usize] += 1;
            list.add(&Shown { key: format!("{key:032x}"), severity: *severity, ..Shown::default() }, 0).expect("added");
        }
        list.finish().expect("finished");
        let codes = vec![CodeCount { code: "F1".into(), name: String::new(), severity: Severity::Explain, count: 0 }];
        let found = Found { result: CheckResult { refused, counts, codes, ..CheckResult::default() }, folder: folder.path().to_owned() };
        let explained = explained.iter().map(|k| Key(k.to_be_bytes())).collect();
        found.verdict(&explained).map(|(verdict, tally)| (verdict, tally.open)).expect("a verdict")
    }

    #[test]
    fn what_asks_must_be_answered_and_what_fails_must_be_corrected() {
        let asks = (1, Severity::Explain);
        assert_eq!(verdict(&[(3, Severity::Note)], false, &[]), (Verdict::Accepted, 0));
        assert_eq!(verdict(&[asks], false, &[]), (Verdict::NeedsCorrection, 1));
        assert_eq!(verdict(&[asks], false, &[1]), (Verdict::Accepted, 0));
        assert_eq!(verdict(&[(2, Severity::Error), asks], false, &[1, 2]), (Verdict::NeedsCorrection, 0));
        assert_eq!(verdict(&[], true, &[]), (Verdict::Refused, 0));
    }
}
