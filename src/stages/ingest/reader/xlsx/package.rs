//! Finds the parts of a workbook through the relations of its package.
//!
//! Facts: ECMA-376 part 2 (relations), part 1, 18.2 (workbook). Strict and transitional documents
//! differ in the namespaces of relation types only, so types are compared by their last segment.

use std::collections::BTreeMap;

use super::super::archive::{Archive, xml_refusal};
use super::super::feed::Epoch;
use super::super::limits::Limits;
use super::super::row::Refusal;
use super::super::xml::{Scanner, Tag, Token};

/// What a sheet of the workbook is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SheetKind {
    /// Cells, as far as the relation tells.
    Work,
    /// A chart, dialog or macro sheet.
    Other,
}

/// A sheet as the workbook lists it.
#[derive(Debug)]
pub(super) struct SheetRef {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) visible: bool,
    pub(super) kind: SheetKind,
    pub(super) part: Option<String>,
}

/// What the workbook part says.
#[derive(Debug)]
pub(super) struct Workbook {
    pub(super) sheets: Vec<SheetRef>,
    pub(super) epoch: Epoch,
    pub(super) strings: Option<String>,
    pub(super) styles: Option<String>,
}

/// Type of the relation to a sheet of cells, its last segment.
pub(in super::super) const WORKSHEET: &str = "worksheet";

/// A relation: last segment of its type, and the part it points to.
struct Relation {
    kind: String,
    part: String,
}

/// The relations of a part, by their ids.
#[derive(Default)]
pub(in super::super) struct Relations(BTreeMap<String, Relation>);

impl Relations {
    /// Reads the relations of a part; a part without any has none.
    pub(in super::super) fn of(archive: &mut Archive<'_>, part: &str, limits: &Limits) -> Result<Self, Refusal> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let relations_part = format!("{folder}/_rels/{name}.rels");
        if !archive.has(&relations_part) {
            return Ok(Self::default());
        }
        relations(archive, &relations_part, folder, limits).map(Self)
    }

    /// Returns type and part of a relation.
    pub(in super::super) fn get(&self, id: &str) -> Option<(&str, &str)> {
        self.0.get(id).map(|relation| (relation.kind.as_str(), relation.part.as_str()))
    }

    /// Returns the part of the first relation of a type.
    pub(in super::super) fn by_kind(&self, kind: &str) -> Option<&str> {
        let mut relations = self.0.values();
        relations.find(|relation| relation.kind == kind).map(|relation| relation.part.as_str())
    }
}

/// Returns the part that a package calls its main document.
pub(in super::super) fn workbook_part(archive: &mut Archive<'_>, limits: &Limits) -> Result<Option<String>, Refusal> {
    if !archive.has("_rels/.rels") {
        return Ok(None);
    }
    let relations = relations(archive, "_rels/.rels", "", limits)?;
    let main = relations.into_values().find(|relation| relation.kind == "officeDocument");
    Ok(main.map(|relation| relation.part))
}

impl Workbook {
    /// Reads the workbook part and its relations.
    pub(super) fn read(archive: &mut Archive<'_>, part: &str, limits: &Limits) -> Result<Self, Refusal> {
        let relations = Relations::of(archive, part, limits)?;
        let mut workbook = Self {
            sheets: Vec::new(),
            epoch: Epoch::Of1900,
            strings: relations.by_kind("sharedStrings").map(str::to_owned),
            styles: relations.by_kind("styles").map(str::to_owned),
        };
        let bytes = archive.small(part)?;
        let mut root = None;
        each_start(&bytes, part, limits, |tag| {
            if root.is_none() {
                root = Some(String::from_utf8_lossy(tag.name).into_owned());
            }
            workbook.take(tag, &relations);
        })?;
        match root.as_deref() {
            Some("workbook") if workbook.sheets.is_empty() => Err(Refusal::new("FIL-116")),
            Some("workbook") => Ok(workbook),
            Some("document") | Some("presentation") => Err(Refusal::new("FIL-130")),
            _ => Err(Refusal::new("FIL-129")),
        }
    }

    /// Takes what a tag of the workbook part says.
    fn take(&mut self, tag: &Tag<'_>, relations: &Relations) {
        match tag.name {
            b"workbookPr" if tag.flag(b"date1904") => self.epoch = Epoch::Of1904,
            b"sheet" => {
                let id = relation_id(tag);
                let relation = id.as_deref().and_then(|id| relations.get(id));
                let state = tag.attribute(b"state");
                self.sheets.push(SheetRef {
                    index: self.sheets.len(),
                    name: tag.text(b"name").unwrap_or_default(),
                    visible: !matches!(state, Some(b"hidden" | b"veryHidden")),
                    kind: relation.map_or(SheetKind::Work, |(kind, _)| sheet_kind(kind)),
                    part: relation.map(|(_, part)| part.to_owned()),
                });
            }
            _ => {}
        }
    }
}

/// Returns the relation id of a `sheet` tag, which is the `id` with a prefix.
fn relation_id(tag: &Tag<'_>) -> Option<String> {
    tag.attributes().find(|(key, _)| key.ends_with(b":id")).map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}

/// Tells worksheets from the other kinds by their relation.
fn sheet_kind(kind: &str) -> SheetKind {
    let other = ["chartsheet", "dialogsheet", "xlMacrosheet", "xlIntlMacrosheet"];
    if other.contains(&kind) { SheetKind::Other } else { SheetKind::Work }
}

/// Reads a relations part; ids to relations inside the package.
fn relations(archive: &mut Archive<'_>, part: &str, folder: &str, limits: &Limits) -> Result<BTreeMap<String, Relation>, Refusal> {
    let bytes = archive.small(part)?;
    let mut relations = BTreeMap::new();
    each_start(&bytes, part, limits, |tag| {
        if tag.name != b"Relationship" || tag.attribute(b"TargetMode") == Some(b"External") {
            return;
        }
        if let (Some(id), Some(kind), Some(target)) = (tag.text(b"Id"), tag.text(b"Type"), tag.text(b"Target")) {
            let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
            let part = resolve(folder, &target);
            relations.insert(id, Relation { kind, part });
        }
    })?;
    Ok(relations)
}

/// Calls back for each start tag of a part held in memory, and checks that its root element ends.
pub(super) fn each_start(bytes: &[u8], part: &str, limits: &Limits, mut take: impl FnMut(&Tag<'_>)) -> Result<(), Refusal> {
    let refuse = |error| xml_refusal(part, &error);
    let mut scanner = Scanner::new(Box::new(bytes), limits.token_bytes).map_err(refuse)?;
    let mut root: Option<(Vec<u8>, bool)> = None;
    loop {
        let offset = scanner.offset();
        match scanner.next().map_err(refuse)? {
            Token::Start(tag) => {
                root.get_or_insert_with(|| (tag.name.to_vec(), tag.empty));
                take(&tag);
            }
            Token::End(name) => {
                if let Some((root, ended)) = &mut root {
                    *ended |= root == name;
                }
            }
            Token::Eof if root.as_ref().is_some_and(|(_, ended)| *ended) => return Ok(()),
            Token::Eof => {
                return Err(Refusal::new("FIL-114").with("part", part).with("offset", offset));
            }
            Token::Text(_) | Token::CData(_) => {}
        }
    }
}

/// Turns the target of a relation into a part name.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut segments: Vec<&str> =
        if target.starts_with('/') { Vec::new() } else { folder.split('/').filter(|segment| !segment.is_empty()).collect() };
    for segment in target.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    segments.join("/")
}
