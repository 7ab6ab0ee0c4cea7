//! Following values of a kept run to their cells.

use super::super::origin::{OriginCell, OriginRow, Seek, origin_of};
use super::super::replay::KeptRun;
use super::super::whatif::{enterprises_of, unread};
use super::sheet::Asked;
use super::spoken::spoken;
use super::{Counted, ExplainedAt, FoundAt, Other, SaidOf, Sender, Survivorship, Way, WayCell};
use crate::config::{Config, GivenOptions, SurvivorshipOptions};
use crate::error::Error;
use crate::finding::{find_word, word};
use crate::ledger::{Choices, Ledger};
use crate::model::cell::{address, column_index};
use crate::model::field::FieldKind;
use crate::model::words::{Lang, fill};
use crate::run::{Enterprises, Input, PublishedRun};
use crate::stages::publish::enterprise_column::{Declared, EnterpriseColumn};
use crate::stages::publish::follows::follows;
use chrono::Datelike;
use std::collections::{HashMap, HashSet};

/// How deep what is computed is followed.
const DEPTH: u8 = 4;
/// Cells of one value of which the stored text is read.
const READ: usize = 40;
/// Characters of a hash that tell a version.
const HASH: usize = 16;

/// A run whose values are followed.
pub struct WaysBack<'a> {
    /// The settings under which it was made.
    pub config: Config,
    /// Its enterprises.
    pub enterprises: Enterprises,
    run: &'a PublishedRun,
    ledger: &'a Ledger,
    lang: Lang,
    last: i32,
    /// Of the enterprises asked for: cells by column, records by place, conflicts and findings.
    cells: HashMap<String, Vec<(String, String)>>,
    links: HashMap<(String, String, u32), (String, String)>,
    conflicts: HashMap<String, Vec<Other>>,
    findings: HashMap<String, Vec<Finding>>,
    choices: Choices,
}

/// A finding of an enterprise.
struct Finding {
    code: String,
    cell: String,
    explained: Option<i64>,
}

impl<'a> WaysBack<'a> {
    /// Opens a run, as its settings have it.
    ///
    /// # Errors
    /// ERR-096: what it published cannot be read.
    pub fn open(today: &Config, ledger: &'a Ledger, kept: &'a KeptRun, lang: Lang) -> Result<Self, Error> {
        let (config, enterprises) = enterprises_of(today, &kept.published)?;
        let last = config.as_of.year() - 1;
        Ok(Self {
            config,
            enterprises,
            run: &kept.published,
            ledger,
            lang,
            last,
            cells: HashMap::new(),
            links: HashMap::new(),
            conflicts: HashMap::new(),
            findings: HashMap::new(),
            choices: ledger.choices()?,
        })
    }

    /// Reads what the run noted of some enterprises, before their values are followed.
    ///
    /// # Errors
    /// ERR-096: what it published cannot be read.
    pub fn gather(&mut self, rows: impl IntoIterator<Item = usize>) -> Result<(), Error> {
        let wanted: HashSet<String> = rows.into_iter().map(|row| self.enterprises.text("enterprise", row)).collect();
        let run = self.run;
        let each = |name: &str, columns: &[&str], tell: &mut dyn FnMut(Vec<String>)| -> Result<(), Error> {
            let rows = run.rows(name).map_err(|flaw| unread(run, flaw.flaw.to_string()))?;
            rows.map_or(Ok(()), |rows| rows.each(columns, tell)).map_err(Error::from)
        };
        each("provenance", &["enterprise", "column", "cell"], &mut |row| {
            if let [of, column, cell] = row.as_slice()
                && wanted.contains(of)
            {
                self.cells.entry(of.clone()).or_default().push((column.clone(), cell.clone()));
            }
        })?;
        each("conflicts", &["enterprise", "used_cell", "other_cell", "other"], &mut |row| {
            if let [of, used, cell, stored] = row.as_slice()
                && wanted.contains(of)
            {
                self.conflicts.entry(used.clone()).or_default().push(Other { cell: cell.clone(), stored: stored.clone() });
            }
        })?;
        each("findings", &["enterprise", "code", "file", "sheet", "cell", "explained"], &mut |row| {
            if let [of, code, file, sheet, cell, explained] = row.as_slice()
                && wanted.contains(of)
            {
                let cell = format!("{file}[{sheet}]{cell}");
                self.findings.entry(of.clone()).or_default().push(Finding { code: code.clone(), cell, explained: explained.parse().ok() });
            }
        })?;
        for dataset in run.record().datasets.iter().filter(|dataset| self.config.form.contains_key(&dataset.name)) {
            let own = dataset.columns.contains_key("enterprise");
            let columns = [if own { "enterprise" } else { "uscc" }, "file", "sheet", "row", "linked_by"];
            each(&dataset.name, &columns, &mut |row| {
                if let [of, file, sheet, number, by] = row.as_slice()
                    && let (true, Ok(number)) = (wanted.contains(of), number.parse())
                {
                    let by = if own { by.clone() } else { "holders".to_owned() };
                    self.links.insert((file.clone(), sheet.clone(), number), (dataset.name.clone(), by));
                }
            })?;
        }
        Ok(())
    }

    /// The column that somebody means: its id, or what people call it in either language.
    pub fn column(&self, named: &str) -> Option<String> {
        let columns = self.enterprises.columns();
        let id = named.trim().to_lowercase();
        let last = format!("{id}_{}", self.last);
        if let Some(found) = [&id, &last].into_iter().find(|id| columns.contains(id)) {
            return Some(found.clone());
        }
        let shown = |column: &&String| !["_why", "_state"].iter().any(|end| column.ends_with(end));
        let called = |column: &String| [Lang::Zh, Lang::En].map(|lang| self.label(column, lang)).contains(&named.trim().to_owned());
        columns.iter().filter(shown).find(|column| called(column)).cloned()
    }

    /// What people call columns that can be followed, for whoever named none of them.
    pub fn labels(&self) -> Vec<String> {
        let columns = self.enterprises.columns();
        columns.iter().filter(|column| EnterpriseColumn::of(&self.config, column).is_some()).map(|c| self.label(c, self.lang)).collect()
    }

    fn label(&self, column: &str, lang: Lang) -> String {
        if let Some(declared) = EnterpriseColumn::of(&self.config, column) {
            return declared.full_label(lang);
        }
        let criterion = ["verdict_", "figure_", "bound_", "margin_", "points_"].iter().find_map(|start| {
            let criterion = self.config.criterion.get(column.strip_prefix(start)?)?;
            let kind = find_word(lang, &format!("column.{}", start.trim_end_matches('_')));
            Some([criterion.name.get(lang), kind.unwrap_or_default()].join(" ").trim().to_owned())
        });
        criterion.or_else(|| find_word(lang, &format!("column.{column}")).map(str::to_owned)).unwrap_or_else(|| column.to_owned())
    }

    /// Follows what a cell of a workbook shows.
    ///
    /// # Errors
    /// An original cannot be read, or the disk fails.
    pub async fn follow(&self, asked: &Asked) -> Result<Way, Error> {
        match asked {
            Asked::Column { row, column } => self.value(*row, column).await,
            Asked::Figure { row, field, year, shown } => {
                // The record that counts for a year is the one of its other figures.
                let figures = self.config.figures();
                let ends = format!("_{year}");
                let own = self.cells_of(*row).filter(|(column, _)| column.ends_with(&ends)).map(|(_, cell)| cell);
                let cite = own.into_iter().next().unwrap_or_default().to_owned();
                let label = figures.and_then(|(_, form)| form.field.get(field)).map_or(field.as_str(), |f| f.label.as_str());
                let label = fill(word(self.lang, "portal.of_year"), |place| match place {
                    "0" => Some(label.to_owned()),
                    _ => Some(year.to_string()),
                });
                let cells = self.of_record(&cite, field).await?;
                let unit = find_word(self.lang, "unit.10000").unwrap_or_default().to_owned();
                Ok(Way { value: shown.clone(), label: label.into_owned(), unit, cells, ..self.way(*row, field) })
            }
            Asked::Field { row, cite, field, shown } => {
                let label = self.config.rights().and_then(|(_, form, _)| form.field.get(field)).map(|f| f.label.clone());
                let way = row.map_or_else(Way::default, |row| self.way(row, field));
                let cells = self.of_record(cite, field).await?;
                Ok(Way { column: field.clone(), value: shown.clone(), label: label.unwrap_or_else(|| field.clone()), cells, ..way })
            }
            Asked::Composed { row, label, shown } => {
                let mut parts = Vec::new();
                for column in [self.config.issue.amount.as_str(), "score"] {
                    parts.push(Box::pin(self.at(*row, column, DEPTH - 1)).await?);
                }
                Ok(Way { label: label.clone(), value: shown.clone(), composed: true, parts, ..self.way(*row, "") })
            }
        }
    }

    /// Follows a column of an enterprise.
    ///
    /// # Errors
    /// An original cannot be read, or the disk fails.
    pub async fn value(&self, row: usize, column: &str) -> Result<Way, Error> {
        self.at(row, column, DEPTH).await
    }

    fn way(&self, row: usize, column: &str) -> Way {
        let of = |column: &str| self.enterprises.text(column, row);
        Way { enterprise: of("enterprise"), name: of("name"), column: column.to_owned(), ..Way::default() }
    }

    fn cells_of(&self, row: usize) -> impl Iterator<Item = (&str, &str)> {
        let own = self.cells.get(&self.enterprises.text("enterprise", row));
        own.into_iter().flatten().map(|(column, cell)| (column.as_str(), cell.as_str()))
    }

    /// The unit of a column as data files hold it.
    fn unit(&self, column: &EnterpriseColumn<'_>) -> String {
        match (column.unit(), column.kind()) {
            (Some(unit), _) => unit.get(self.lang).to_owned(),
            (None, Some(FieldKind::Amount)) => find_word(self.lang, "unit.1").unwrap_or_default().to_owned(),
            (None, _) => String::new(),
        }
    }

    async fn at(&self, row: usize, column: &str, depth: u8) -> Result<Way, Error> {
        let declared = EnterpriseColumn::of(&self.config, column);
        let mut way = Way {
            label: self.label(column, self.lang),
            value: self.enterprises.text(column, row),
            unit: declared.map(|column| self.unit(&column)).unwrap_or_default(),
            withheld: self.enterprises.text(&format!("{column}_why"), row),
            ..self.way(row, column)
        };
        if column == "findings" {
            let found = self.findings.get(&way.enterprise).into_iter().flatten();
            way.findings = found.map(|f| FoundAt { code: f.code.clone(), cell: f.cell.clone() }).collect();
            return Ok(way);
        }
        let follows = follows(&self.config, column);
        if let Some(EnterpriseColumn { declared: Declared::Given(GivenOptions { formula: Some(formula), .. }), .. }) = declared {
            way.formula = formula.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        if let Some(criterion) = &follows.criterion {
            way.criterion = criterion.clone();
            let own = |w: &&crate::model::waiver::Waiver| w.enterprise == way.enterprise && w.criterion == *criterion;
            way.waivers = self.run.record().waivers.iter().filter(own).cloned().collect();
        }
        for part in follows.columns.iter().filter(|_| depth > 0) {
            way.parts.push(Box::pin(self.at(row, part, depth - 1)).await?);
        }
        if !follows.columns.is_empty() {
            return Ok(way);
        }
        let mut cited: Vec<String> = self.cells_of(row).filter(|(of, _)| *of == follows.cited).map(|(_, cell)| cell.to_owned()).collect();
        cited.dedup();
        match declared {
            Some(EnterpriseColumn { declared: Declared::Given(given), .. }) if cited.is_empty() && self.config.is_of_patents(given) => {
                self.count(&mut way, given).await?;
            }
            Some(EnterpriseColumn { declared: Declared::Given(given), .. }) if !follows.sole => {
                let (form, taken, only) = (given.from.clone(), given.value.clone(), given.only.clone().unwrap_or_default());
                way.counted = Some(Counted { form, taken, only, records: cited.len(), exact: true });
                way.cells = self.told(&cited).await?;
            }
            _ => way.cells = self.told(&cited).await?,
        }
        if let Some(EnterpriseColumn { id, declared: Declared::Merged(rule), .. }) = declared
            && rule.from.len() > 1
        {
            way.survivorship = way.cells.first().map(|cell| self.survived(id, rule, cell));
        }
        Ok(way)
    }

    /// The records that a count of patents speaks of, each by its number.
    async fn count(&self, way: &mut Way, given: &GivenOptions) -> Result<(), Error> {
        let Some((places, exact)) = spoken(&self.config, self.run, given, &way.enterprise, &way.value).await? else { return Ok(()) };
        let (form, only) = (given.from.clone(), given.only.clone().unwrap_or_default());
        way.counted = Some(Counted { form, taken: given.value.clone(), only, records: places.len(), exact });
        let fields: Vec<String> = match given.taken() {
            Some(crate::config::Taken::Latest(field)) => vec![field],
            _ => self.config.form.get(&given.from).map(|form| form.key.clone()).unwrap_or_default(),
        };
        for (count, (path, sheet, row)) in places.into_iter().enumerate() {
            let Some((_, input)) = self.input(&path) else { continue };
            let mut cell = OriginCell {
                sha256: input.sha256.clone(),
                source: input.source.clone(),
                path,
                sheet,
                row,
                seek: Seek::Field(String::new()),
            };
            let mut found = None;
            for field in fields.iter().filter(|_| count < READ) {
                cell.seek = Seek::Field(field.clone());
                found = origin_of(&self.config, &cell).await?;
                if found.is_some() {
                    break;
                }
            }
            way.cells.push(self.cell(&cell, found)?);
        }
        Ok(())
    }

    /// The cell of a field in the record that a cell is of.
    async fn of_record(&self, cite: &str, field: &str) -> Result<Vec<WayCell>, Error> {
        let Some(cell) = OriginCell::cited(&self.run.record().inputs, cite) else { return Ok(Vec::new()) };
        let cell = OriginCell { seek: Seek::Field(field.to_owned()), ..cell };
        let row = origin_of(&self.config, &cell).await?;
        Ok(vec![self.cell(&cell, row)?])
    }

    async fn told(&self, cited: &[String]) -> Result<Vec<WayCell>, Error> {
        let mut told = Vec::new();
        for (count, cite) in cited.iter().enumerate() {
            let Some(cell) = OriginCell::cited(&self.run.record().inputs, cite) else { continue };
            let row = if count < READ { origin_of(&self.config, &cell).await? } else { None };
            told.push(self.cell(&cell, row)?);
        }
        Ok(told)
    }

    fn input(&self, path: &str) -> Option<(usize, &Input)> {
        self.run.record().inputs.iter().enumerate().find(|(_, input)| input.path == path)
    }

    /// A cell with its version, and with those who had a hand in it.
    fn cell(&self, cell: &OriginCell, row: Option<OriginRow>) -> Result<WayCell, Error> {
        let marked = row.as_ref().and_then(|row| row.columns.get(row.marked));
        let column = match cell.seek {
            Seek::Column(column) => Some(column),
            Seek::Field(_) => marked.and_then(|column| column_index(&column.letters)),
        };
        let at = column.map_or_else(|| cell.row.to_string(), |column| address(column, cell.row));
        let cited = format!("{}[{}]{at}", cell.path, cell.sheet);
        let registry = self.config.form.iter().find(|(_, form)| form.registry).map(|(id, _)| id.as_str());
        let read = row.as_ref().map(|row| row.form.clone());
        let linked = self.links.get(&(cell.path.clone(), cell.sheet.clone(), cell.row));
        let form = linked.map(|(form, _)| form.clone()).or(read).unwrap_or_default();
        let linked_by = match linked {
            Some((_, by)) => by.clone(),
            None if registry == Some(form.as_str()) => "registry".to_owned(),
            None => String::new(),
        };
        let mut told = WayCell {
            file: cell.path.clone(),
            sheet: cell.sheet.clone(),
            cell: at,
            form,
            label: marked.map(|column| column.label.clone()).unwrap_or_default(),
            stored: marked.map(|column| column.text.clone()),
            unit_yuan: marked.and_then(|column| column.unit_yuan),
            linked_by,
            sha256: cell.sha256.chars().take(HASH).collect(),
            ..WayCell::default()
        };
        if let Some((ordinal, input)) = self.input(&cell.path) {
            (told.bureau, told.place) = (input.bureau.clone(), input.place);
            told.said = self.said(ordinal);
            match &input.upload {
                Some(upload) => {
                    let sent = self.ledger.numbered_upload(upload.number)?;
                    told.received = sent.as_ref().map(|u| u.received.clone()).unwrap_or_default();
                    told.upload = Some(Sender { number: upload.number, account: sent.map(|u| u.account).unwrap_or_default() });
                }
                None => told.received = self.ledger.received(&input.source, &input.path, &input.sha256)?.unwrap_or_default(),
            }
        }
        told.explained = self.explained(&cited)?;
        Ok(told)
    }

    /// What was said of an input and others, as the run took it in, with those who said so.
    fn said(&self, ordinal: usize) -> Vec<SaidOf> {
        let record = self.run.record();
        let own = record.decisions.iter().filter(|decision| decision.older == ordinal || decision.newer == ordinal);
        let number = |input: usize| record.inputs.get(input).and_then(|input| input.upload.as_ref()).map(|upload| upload.number);
        let told = own.map(|decision| {
            let newer = decision.newer == ordinal;
            let other = if newer { decision.older } else { decision.newer };
            let pair = number(decision.older).zip(number(decision.newer));
            let by = pair.and_then(|pair| self.choices.of(pair, &decision.form, decision.period));
            let (account, at) = by.map(|said| (said.account.clone(), said.at.clone())).unwrap_or_default();
            let other = record.inputs.get(other).map(|input| input.path.clone()).unwrap_or_default();
            SaidOf { other, newer, choice: decision.choice, account, at }
        });
        told.collect()
    }

    /// What was explained of findings at a cell.
    fn explained(&self, cited: &str) -> Result<Vec<ExplainedAt>, Error> {
        let mut told = Vec::new();
        for finding in self.findings.values().flatten().filter(|finding| finding.cell == cited) {
            if let Some(said) = finding.explained.map(|number| self.ledger.explanation(number)).transpose()?.flatten() {
                told.push(ExplainedAt { code: finding.code.clone(), account: said.account, at: said.written, text: said.text });
            }
        }
        Ok(told)
    }

    /// Which of several sources spoke, and what others say.
    fn survived(&self, id: &str, rule: &SurvivorshipOptions, cell: &WayCell) -> Survivorship {
        let used = rule.sources().find(|(form, _)| *form == cell.form).map(|(form, field)| format!("{form}.{field}"));
        let cited = format!("{}[{}]{}", cell.file, cell.sheet, cell.cell);
        Survivorship {
            setting: format!("merge.field.{id}"),
            from: rule.from.clone(),
            used: used.unwrap_or_default(),
            others: self.conflicts.get(&cited).cloned().unwrap_or_default(),
        }
    }
}
