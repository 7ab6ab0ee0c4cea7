//! `huichi dossier`: dossiers of enterprises, each a workbook, or several in an archive.

use super::args::{Cli, Dossier, Format};
use super::explain::sought;
use super::output::{lang, say};
use super::site;
use super::user::line;
use crate::error::{Error, ErrorKind};
use crate::pipeline::{enterprises_of, kept};
use crate::portal::pool::dossier::{Beside, file_name, write, write_all};
use crate::portal::pool::{Edition, PoolData};

/// Writes them.
pub fn run(cli: &Cli, asked: &Dossier) -> Result<u8, Error> {
    let (today, ledger) = site::looked(cli)?;
    let kept = kept(&today, &ledger, &asked.run)?;
    let unread = |reason: String| Error::new(ErrorKind::System, "ERR-096").with("run", kept.id.clone()).with("reason", reason);
    let data = PoolData::load(&today, &kept.id, &kept.published).map_err(|error| unread(error.to_string()))?;
    let data = data.ok_or_else(|| unread("@diff.no_enterprises".to_owned()))?;
    let listed = kept.published.proposal().map_err(|flaw| unread(flaw.flaw.to_string()))?.map(|p| p.listed).unwrap_or_default();
    let beside = Beside { listed: &listed, waivers: &kept.published.record().waivers };
    let edition = if asked.closed { Edition::Closed } else { Edition::Operator };
    let rows: Vec<usize> = if asked.enterprises.is_empty() {
        let chosen = listed.iter().filter(|one| one.standing.amount().is_some());
        chosen.filter_map(|one| data.ordinals.get(&one.enterprise)).map(|row| *row as usize).collect()
    } else {
        let (_, enterprises) = enterprises_of(&today, &kept.published)?;
        let found = asked.enterprises.iter().map(|named| sought(&enterprises, &kept.id, named)).collect::<Result<Vec<_>, _>>()?;
        found.into_iter().filter_map(|row| data.ordinals.get(&enterprises.text("enterprise", row))).map(|row| *row as usize).collect()
    };
    if asked.to.extension().is_some_and(|extension| extension == "zip") {
        write_all(&data, edition, &rows, &beside, &asked.to)?;
    } else {
        std::fs::create_dir_all(&asked.to)?;
        for row in &rows {
            write(&data, edition, *row, &beside, &asked.to.join(file_name(&data, *row)))?;
        }
    }
    match cli.format {
        Format::Json => say(serde_json::json!({ "run": kept.id, "dossiers": rows.len(), "to": asked.to.display().to_string() })),
        Format::Text => say(line(lang(cli, &today), "dossier.written", &[&rows.len().to_string(), &asked.to.display().to_string()])),
    }
    Ok(0)
}
