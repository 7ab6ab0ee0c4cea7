//! Runs parsing children: a bounded number at a time, each with limits and a deadline.

use super::child::{Children, Ending, Limits};
use super::lanes::Lanes;
use super::parser::{self, COMMAND, Job, Manifest, files};
use crate::config::{Config, FormOptions};
use crate::stages::acquire::Store;
use crate::stages::ingest::OtherForm;
use indexmap::IndexMap;
use std::io;
use std::path::Path;

/// How parsing children are started.
#[derive(Debug, Clone)]
pub struct Parsing(Children);

impl Parsing {
    /// For one run or command: as many at a time as there are cores.
    ///
    /// # Errors
    /// The system does not tell where this program lies.
    pub fn new(config: &Config) -> io::Result<Self> {
        Self::within(config, Lanes::of_run(config.limits.children()))
    }

    /// In lanes that others use as well: in the portal, files of many senders are read and judged side by side.
    ///
    /// # Errors
    /// As [`Parsing::new`].
    pub fn within(config: &Config, lanes: Lanes) -> io::Result<Self> {
        let limits = Limits { memory_bytes: config.limits.parser_mib << 20, cpu_s: config.limits.parser_cpu_s };
        Children::new(COMMAND, limits, config.limits.parser_s, lanes).map(Self)
    }
}

/// The forms that a source may send; those of all where the source is not known, since a form is told by its header.
pub fn forms_of(config: &Config, source: &str) -> IndexMap<String, FormOptions> {
    let Some(source) = config.source.get(source) else { return config.form.clone() };
    source.forms.iter().filter_map(|id| config.form.get_key_value(id)).map(|(id, f)| (id.clone(), f.clone())).collect()
}

/// The forms that a source does not send but another does, with who that is; none where the source is not known.
pub fn forms_beside(config: &Config, source: &str) -> Vec<OtherForm> {
    let Some(own) = config.source.get(source) else { return Vec::new() };
    let sent = config.source.values().filter(|other| !other.disabled).flat_map(|other| other.forms.iter().map(|id| (id, &other.bureau)));
    let beside = sent.filter(|(id, _)| !own.forms.contains(id));
    beside.filter_map(|(id, bureau)| Some(OtherForm { form: config.form.get(id)?.clone(), bureau: bureau.clone() })).collect()
}

/// Parses one file in a child; if that is done, its tables and their manifest lie in `folder` afterwards.
///
/// # Errors
/// The original is not the content of its hash (a [`crate::content::Flaw`]), the child cannot be started at all, or the
/// disk takes no more.
pub async fn read_tables(
    parsing: &Parsing,
    config: &Config,
    source: &str,
    (store, sha256): (&Store, &str),
    file_name: &str,
    folder: &Path,
) -> io::Result<Ending> {
    // The child opens its file by path, several times: it is given a copy of its own, of bytes that were compared.
    let (from, hash, beside) = (store.clone(), sha256.to_owned(), folder.to_owned());
    let original = tokio::task::spawn_blocking(move || from.copy(&hash, &beside)).await??;
    let job = Job {
        path: original.to_path_buf(),
        file_name: file_name.to_owned(),
        forms: forms_of(config, source),
        others: forms_beside(config, source),
        codes: config.codes.clone(),
        folder: folder.to_owned(),
    };
    parsing.0.work(source, &job).await
}

/// Parses one file in a child; its tables lie in `folder` afterwards.
///
/// Never an error about the file: if the child does not do its work, the manifest says so. Only one that a later run may
/// use is left in the folder.
///
/// # Errors
/// As [`read_tables`].
pub async fn parse(
    parsing: &Parsing,
    config: &Config,
    source: &str,
    original: (&Store, &str),
    file_name: &str,
    folder: &Path,
) -> io::Result<Manifest> {
    let ending = read_tables(parsing, config, source, original, file_name, folder).await?;
    let manifest = if ending == Ending::Done { read_manifest(folder) } else { None };
    let manifest = manifest.unwrap_or_else(|| parser::dead_of(ending));
    if !manifest.is_lasting() {
        let _ = std::fs::remove_file(folder.join(files::MANIFEST));
    }
    Ok(manifest)
}

/// The manifest in a folder, if it is whole.
pub fn read_manifest(folder: &Path) -> Option<Manifest> {
    serde_json::from_slice(&std::fs::read(folder.join(files::MANIFEST)).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::child::Bound;

    #[test]
    fn no_death_is_remembered_and_each_names_its_cause() {
        for (ending, code) in [
            (Ending::Done, "FIL-121"),
            (Ending::Failed, "FIL-121"),
            (Ending::Ended, "FIL-137"),
            (Ending::Over(Bound::Memory(1024)), "FIL-120"),
            (Ending::Over(Bound::Cpu(120)), "FIL-122"),
            (Ending::Over(Bound::Time(180)), "FIL-122"),
        ] {
            let manifest = parser::dead_of(ending);
            assert!(manifest.refused && !manifest.is_lasting(), "{ending:?}");
            assert_eq!(manifest.seeds[0].code, code, "{ending:?}");
        }
        assert!(Manifest::default().is_lasting());
    }
}
