//! Dossiers of enterprises: what their page shows, with the cells, as workbooks; one, or those of a list in an archive.

use super::data::PoolData;
use super::desk::EnterpriseDesk;
use super::edition::Edition;
use super::enterprise::{Fact, Profile, profile};
use super::load_error::LoadError;
use super::records::place;
use super::room::Pool;

use crate::error::Error;
use crate::finding::proposal::money;
use crate::finding::{find_word, word};
use crate::model::proposal::{Listed, Standing};
use crate::model::waiver::Waiver;
use crate::model::words::Lang;
use crate::portal::actor::Actor;
use crate::portal::error::PortalError;
use crate::portal::integrity;
use crate::portal::text::say;
use crate::stages::publish::follows::columns_behind;
use crate::stages::publish::{Dossier, DossierFigure, DossierValue, write_dossier};
use chrono::{NaiveDate, NaiveTime};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

/// What is beside a run's data: where enterprises stand to the list, and what was waived.
pub struct Beside<'a> {
    /// The list.
    pub listed: &'a [Listed],
    /// The waivers that counted.
    pub waivers: &'a [Waiver],
}

/// A dossier, or several, made for somebody; the folder goes when this does.
pub struct Taken {
    /// Where the file lies.
    pub folder: TempDir,
    /// What the reader's computer keeps it under.
    pub name: String,
}

/// The name of the file in the folder of [`Taken`].
pub const FILE: &str = "dossier";

/// The dossier of an enterprise of the latest run.
///
/// # Errors
/// There is no such enterprise; a file of the run is gone or not as it was written.
pub async fn take(pool: &Pool, actor: &Actor, address: &str, id: &str) -> Result<Taken, PortalError> {
    let data = super::written(pool).await?;
    let row = super::find(&data, id)?;
    let key = data.text("enterprise", row).to_owned();
    let taken = made(pool, actor, data.clone(), move |data, edition, beside, path| {
        write(data, edition, row, beside, path)?;
        Ok(file_name(data, row))
    });
    let taken = taken.await?;
    pool.note(actor, address, "take_dossier", &key, &data.run).await?;
    Ok(taken)
}

/// Those of all enterprises on the list of the latest run.
///
/// # Errors
/// There is no list; a file of the run is gone or not as it was written.
pub async fn take_list(pool: &Pool, actor: &Actor, address: &str) -> Result<Taken, PortalError> {
    let data = super::written(pool).await?;
    let taken = made(pool, actor, data.clone(), |data, edition, beside, path| {
        let chosen = beside.listed.iter().filter(|listed| listed.standing.amount().is_some());
        let rows: Vec<usize> = chosen.filter_map(|listed| data.ordinals.get(&listed.enterprise)).map(|row| *row as usize).collect();
        write_all(data, edition, &rows, beside, path)?;
        Ok(say("dossier.archive", std::slice::from_ref(&data.as_of)))
    });
    let taken = taken.await?;
    pool.note(actor, address, "take_dossiers", &data.run, "").await?;
    Ok(taken)
}

async fn made(
    pool: &Pool,
    actor: &Actor,
    data: Arc<PoolData>,
    make: impl Fn(&PoolData, Edition, &Beside<'_>, &Path) -> Result<String, Error> + Send + 'static,
) -> Result<Taken, PortalError> {
    let published = integrity::open(pool, &pool.flaws, &data.run).await?;
    let edition = Edition::of(actor.role);
    let work = move || -> Result<Taken, PortalError> {
        let folder = tempfile::tempdir()?;
        let listed = published.proposal()?.map(|proposal| proposal.listed).unwrap_or_default();
        let beside = Beside { listed: &listed, waivers: &published.record().waivers };
        let name = make(&data, edition, &beside, &folder.path().join(FILE)).map_err(|error| PortalError::bug(format!("{error:?}")))?;
        Ok(Taken { folder, name })
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| PortalError::bug(e.to_string()))?
}

/// The dossier of an enterprise, as an edition shows it.
///
/// # Errors
/// A dataset cannot be read.
pub fn dossier(data: &PoolData, edition: Edition, row: usize, beside: &Beside<'_>) -> Result<Dossier, LoadError> {
    let config = &data.config;
    let first = profile(data, config, edition, row, 1)?;
    let desk = EnterpriseDesk { data, config, edition, row, disclosed: data.discloses(edition, row), cited: data.cited(row)? };
    let mut patents = numbered(&first.patents, &first.patent_places);
    for page in 2..=first.patents_pages {
        let further = desk.patents(page)?;
        patents.extend(numbered(&further.patents, &further.places));
    }
    let cells = |fact: &Fact| if fact.source.is_empty() { String::new() } else { desk.cells_of(&fact.id).join("、") };
    let told = |fact: &Fact| match fact.value.text.as_str() {
        "" => "—".to_owned(),
        text if fact.unit.is_empty() || fact.value.masked => text.to_owned(),
        text => format!("{text} {}", fact.unit),
    };
    let returned = data.returned(config, row, &desk.cited)?;
    let record = |counted: &Option<usize>| match (returned.batch.as_ref(), counted) {
        (Some(batch), Some(at)) => {
            let (file, sheet, row) = place(batch, *at);
            say("dossier.record", &[file, sheet, row.to_string()])
        }
        _ => String::new(),
    };
    let records: Vec<String> = returned.counted.iter().map(record).collect();
    let facts = first.facts.iter().chain(&first.ratios).filter(|fact| !fact.value.text.is_empty());
    let effect = |id: &str| find_word(Lang::Zh, &format!("dossier.effect_{id}")).unwrap_or_default().to_owned();
    let created = first.as_of.parse().unwrap_or(NaiveDate::MIN).and_time(NaiveTime::MIN);
    let severity = |id: &str| word(Lang::Zh, &format!("severity.{id}")).to_owned();
    Ok(Dossier {
        subtitle: vec![
            say("dossier.uscc", &[data.text("uscc", row).to_owned()]),
            say("dossier.as_of", &[first.as_of.clone(), first.run.clone()]),
            word(Lang::Zh, &format!("dossier.edition_{}", edition.id())).to_owned(),
        ],
        created,
        facts: facts.map(|fact| [fact.label.clone(), told(fact), cells(fact)]).collect(),
        decisions: decisions(&first, beside),
        verdicts: first
            .verdicts
            .iter()
            .map(|v| [v.name.clone(), effect(&v.effect), v.verdict.text.clone(), told(&v.figure), v.threshold.clone(), cells(&v.figure)])
            .collect(),
        years: if first.disclosed { first.years.clone() } else { Vec::new() },
        figures: first.figures.iter().map(|figure| figure_of(&desk, &records, &figure.label, &figure.years)).collect(),
        patent_heads: first.patents.first().map(|patent| patent.iter().map(head).collect()).unwrap_or_default(),
        patents,
        findings: first.findings.iter().map(|f| [severity(&f.severity), f.message.clone(), f.place.clone(), f.code.clone()]).collect(),
        conflicts: first
            .conflicts
            .iter()
            .map(|c| [c.field.clone(), c.used.0.clone(), c.used.1.clone(), c.other.0.clone(), c.other.1.clone()])
            .collect(),
        name: first.name,
        lang: Lang::Zh,
    })
}

fn head(fact: &Fact) -> String {
    if fact.unit.is_empty() { fact.label.clone() } else { format!("{}（{}）", fact.label, fact.unit) }
}

/// The patents of a page, each with the place of its record.
fn numbered(patents: &[Vec<Fact>], places: &[String]) -> Vec<(Vec<String>, String)> {
    let texts = |patent: &Vec<Fact>| patent.iter().map(|fact| fact.value.text.clone()).collect();
    patents.iter().zip(places).map(|(patent, place)| (texts(patent), place.clone())).collect()
}

/// What was decided of the enterprise.
fn decisions(profile: &Profile, beside: &Beside<'_>) -> Vec<[String; 2]> {
    let name = |key: &str| word(Lang::Zh, &format!("dossier.{key}")).to_owned();
    let mut told = vec![[name("conclusion"), profile.conclusion.text.clone()]];
    if let Some(listed) = beside.listed.iter().find(|listed| listed.enterprise == profile.key) {
        let standing = word(Lang::Zh, &format!("publish.standing_{}", listed.standing.id()));
        told.push([
            name("list"),
            match listed.standing {
                Standing::Chosen(amount) => say("dossier.chosen", &[standing.to_owned(), money(amount)]),
                Standing::Excluded(reason) => say(&format!("dossier.excluded_{}", reason.id()), &[]),
                Standing::Reserve | Standing::Eligible => standing.to_owned(),
            },
        ]);
    }
    told.push([name("patents"), say("dossier.count", &[profile.patents_total.to_string()])]);
    told.push([name("findings"), say("dossier.count_findings", &[profile.findings.len().to_string()])]);
    let waivers = beside.waivers.iter().filter(|waiver| waiver.enterprise == profile.key);
    told.extend(waivers.map(|w| {
        let arguments = [w.criterion.clone(), w.asked_by.clone(), w.granted_by.clone(), w.until.to_string(), w.reason.clone()];
        [say("dossier.waiver", &[w.number.to_string()]), say("dossier.waived", &arguments)]
    }));
    told
}

fn figure_of(desk: &EnterpriseDesk<'_>, records: &[String], label: &str, years: &[Fact]) -> DossierFigure {
    let value = |fact: &Fact| {
        let yuan = fact.value.exact.as_deref().and_then(crate::config::Bound::parse);
        // Counts of persons are no money: their exact value is their text.
        match yuan.filter(|_| fact.value.exact.as_deref() != Some(fact.value.text.as_str())) {
            Some(yuan) => DossierValue::Amount(yuan.units()),
            None => DossierValue::Text(fact.value.text.clone()),
        }
    };
    let source = |(year, fact): (usize, &Fact)| match desk.cells_of(&fact.id) {
        _ if fact.value.text.is_empty() => String::new(),
        // Of what is shown beside the pool's own columns the record is known.
        cells if cells.is_empty() => records.get(year).cloned().unwrap_or_default(),
        cells => cells.join("、"),
    };
    DossierFigure {
        label: label.to_owned(),
        years: years.iter().enumerate().map(|(year, fact)| (value(fact), source((year, fact)))).collect(),
    }
}

impl EnterpriseDesk<'_> {
    /// The cells behind a column, in words.
    fn cells_of(&self, id: &str) -> Vec<String> {
        let behind = columns_behind(self.config, id, self.data.last_year());
        let mut cells: Vec<String> = Vec::new();
        for (_, cell) in behind.iter().flat_map(|column| self.cited.iter().filter(move |(cited, _)| cited == column)) {
            if !cells.contains(cell) {
                cells.push(cell.clone());
            }
        }
        cells
    }
}

/// What a dossier's file is called: the enterprise's name and code, without what a path cannot hold.
pub fn file_name(data: &PoolData, row: usize) -> String {
    let name = format!("{}_{}", data.text("name", row), data.text("uscc", row));
    let plain: String = name.chars().map(|c| if c.is_control() || "/\\:*?\"<>|".contains(c) { '_' } else { c }).take(80).collect();
    format!("{}.xlsx", plain.trim_end_matches(['_', '.', ' ']))
}

/// Writes the dossier of an enterprise.
///
/// # Errors
/// A dataset cannot be read, or the disk takes no more.
pub fn write(data: &PoolData, edition: Edition, row: usize, beside: &Beside<'_>, path: &Path) -> Result<(), Error> {
    let dossier = dossier(data, edition, row, beside).map_err(|error| Error::bug(error.to_string()))?;
    write_dossier(path, &dossier)
}

/// Writes the dossiers of enterprises into an archive.
///
/// # Errors
/// A dataset cannot be read, or the disk takes no more.
pub fn write_all(data: &PoolData, edition: Edition, rows: &[usize], beside: &Beside<'_>, path: &Path) -> Result<(), Error> {
    let folder = tempfile::tempdir_in(path.parent().unwrap_or(Path::new(".")))?;
    let mut archive = zip::ZipWriter::new(File::create(path)?);
    // Workbooks are compressed already; equal dossiers give equal bytes.
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let broken = |error: zip::result::ZipError| Error::from(io::Error::other(error));
    for row in rows {
        let one = folder.path().join("dossier.xlsx");
        write(data, edition, *row, beside, &one)?;
        archive.start_file(file_name(data, *row), stored).map_err(broken)?;
        io::copy(&mut File::open(&one)?, &mut archive)?;
    }
    archive.finish().map_err(broken)?.flush()?;
    Ok(())
}
