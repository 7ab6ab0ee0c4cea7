//! Which value a cell of the pool workbook shows: by the words of its header and the enterprise of its row, never by its place.

use crate::config::{Config, YearOf};
use crate::finding::{find_word, word};
use crate::model::cell::column_index;
use crate::model::words::{Lang, fill};
use crate::run::Enterprises;
use crate::stages::publish::enterprise_column::{EnterpriseColumn, listed};
use calamine::{Data, Range, Reader, Xlsx};
use chrono::Datelike;
use std::collections::HashMap;
use std::io::Cursor;

/// Rows above which the header of a table stands.
const HEAD: u32 = 40;

/// A workbook that a run published.
pub struct Book {
    workbook: Xlsx<Cursor<Vec<u8>>>,
    sheets: HashMap<String, Range<Data>>,
}

/// What a cell shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A column of an enterprise.
    Column {
        /// Its row among the enterprises.
        row: usize,
        /// The column.
        column: String,
    },
    /// A field of the yearly form, of an enterprise and a year.
    Figure {
        /// The enterprise's row.
        row: usize,
        /// The field.
        field: String,
        /// The year.
        year: i32,
        /// The text in the workbook.
        shown: String,
    },
    /// A field of a record that the row cites.
    Field {
        /// The enterprise's row; nothing of a record that is nobody's.
        row: Option<usize>,
        /// A cell of the record: `file[sheet]D17`.
        cite: String,
        /// The field.
        field: String,
        /// The text in the workbook.
        shown: String,
    },
    /// What follows from the terms of the issue.
    Composed {
        /// The enterprise's row.
        row: usize,
        /// The words of the header.
        label: String,
        /// The text in the workbook.
        shown: String,
    },
}

impl Asked {
    /// The enterprise's row.
    pub fn row(&self) -> Option<usize> {
        match self {
            Self::Column { row, .. } | Self::Figure { row, .. } | Self::Composed { row, .. } => Some(*row),
            Self::Field { row, .. } => *row,
        }
    }
}

/// Why a cell shows nothing that can be followed: a key among the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotShown(pub &'static str);

/// Which table a sheet holds.
const SHEETS: [&str; 7] = ["pool", "verdicts", "finances", "patents", "needs", "list", "scores"];

impl Book {
    /// Opens a workbook.
    ///
    /// # Errors
    /// It is none.
    pub fn open(content: Vec<u8>) -> Result<Self, calamine::XlsxError> {
        Ok(Self { workbook: Xlsx::new(Cursor::new(content))?, sheets: HashMap::new() })
    }

    /// What a cell shows: `备选池!F12`.
    ///
    /// # Errors
    /// Nothing that can be followed.
    pub fn shown(&mut self, config: &Config, enterprises: &Enterprises, cell: &str) -> Result<Asked, NotShown> {
        let (sheet, address) = cell.rsplit_once('!').ok_or(NotShown("no_cell"))?;
        let (sheet, address) = (sheet.trim().trim_matches('\''), address.trim().replace('$', ""));
        let digits = address.find(|c: char| c.is_ascii_digit()).ok_or(NotShown("no_cell"))?;
        let column = column_index(&address[..digits]).ok_or(NotShown("no_cell"))?;
        let row = address[digits..].parse::<u32>().ok().and_then(|row| row.checked_sub(1)).ok_or(NotShown("no_cell"))?;
        let lang = config.run.lang;
        // A table of many rows goes on in sheets that are called alike.
        let id = SHEETS.into_iter().find(|id| sheet.starts_with(word(lang, &format!("sheet.{id}")))).ok_or(NotShown("no_sheet"))?;
        if !self.sheets.contains_key(sheet) {
            let range = self.workbook.worksheet_range(sheet).map_err(|_| NotShown("no_sheet"))?;
            self.sheets.insert(sheet.to_owned(), range);
        }
        let range = self.sheets.get(sheet).ok_or(NotShown("no_sheet"))?;
        let table = Shown::of(range, lang).ok_or(NotShown("no_sheet"))?;
        if row < table.body {
            return Err(NotShown("no_enterprise"));
        }
        let of = table.enterprise(enterprises, row);
        let (group, head) = table.head(column);
        let text = table.text(row, column);
        let whose = of.ok_or(NotShown("no_enterprise"));
        let known = Known { config, lang, last: config.as_of.year() - 1 };
        match id {
            "patents" => {
                let field = known.of_patents(&head).ok_or(NotShown("no_column"))?;
                let cited = table.column(word(lang, "column.cell")).ok_or(NotShown("no_column"))?;
                Ok(Asked::Field { row: of, cite: table.text(row, cited), field, shown: text })
            }
            "finances" => {
                if let Some(column) = known.identity(&head) {
                    return Ok(Asked::Column { row: whose?, column });
                }
                let (field, year) = known.of_finances(group.as_deref(), &head).ok_or(NotShown("no_column"))?;
                let column = format!("{field}_{year}");
                match EnterpriseColumn::of(config, &column) {
                    Some(_) => Ok(Asked::Column { row: whose?, column }),
                    None => Ok(Asked::Figure { row: whose?, field, year, shown: text }),
                }
            }
            "list" => {
                let row = whose?;
                match known.of_list(&head) {
                    Some(column) => Ok(Asked::Column { row, column }),
                    None => Ok(Asked::Composed { row, label: head, shown: text }),
                }
            }
            id => {
                let column = known.column(id, group.as_deref(), &head).ok_or(NotShown("no_column"))?;
                Ok(Asked::Column { row: whose?, column })
            }
        }
    }
}

/// A table as a sheet shows it.
struct Shown<'a> {
    range: &'a Range<Data>,
    /// The upper row of the header.
    head: u32,
    /// The first row of data.
    body: u32,
    /// Whether the header has two rows.
    grouped: bool,
    codes: u32,
    names: u32,
}

impl<'a> Shown<'a> {
    fn of(range: &'a Range<Data>, lang: Lang) -> Option<Self> {
        let (_, last) = range.end()?;
        let [code, name] = ["uscc", "name"].map(|id| word(lang, &format!("column.{id}")));
        let at = |row: u32, text: &str| (0..=last).find(|column| first_line(&told(range, row, *column)) == text);
        let head = (0..HEAD).find(|row| at(*row, code).is_some() && at(*row, name).is_some())?;
        let (codes, names) = (at(head, code)?, at(head, name)?);
        // Below the header of a code stands nothing where others are in groups.
        let grouped = told(range, head + 1, codes).is_empty()
            && told(range, head + 1, names).is_empty()
            && (0..=last).any(|column| !told(range, head + 1, column).is_empty());
        Some(Self { range, head, body: head + 1 + u32::from(grouped), grouped, codes, names })
    }

    fn text(&self, row: u32, column: u32) -> String {
        told(self.range, row, column)
    }

    /// The words of a column's header, and of the group that it is in; units aside.
    fn head(&self, column: u32) -> (Option<String>, String) {
        let upper = |column: u32| first_line(&self.text(self.head, column));
        let lower = if self.grouped { first_line(&self.text(self.head + 1, column)) } else { String::new() };
        match lower.is_empty() {
            true => (None, upper(column)),
            false => ((0..=column).rev().map(upper).find(|text| !text.is_empty()), lower),
        }
    }

    fn column(&self, head: &str) -> Option<u32> {
        let (_, last) = self.range.end()?;
        (0..=last).find(|column| self.head(*column).1 == head)
    }

    /// The enterprise of a row: by code and name, or by the one that it has.
    fn enterprise(&self, enterprises: &Enterprises, row: u32) -> Option<usize> {
        let [code, name] = [self.codes, self.names].map(|column| self.text(row, column));
        // A code that an edit breaks is marked behind.
        let code = code.split(['（', '(', ' ']).next().unwrap_or_default().to_owned();
        let is = |column: &str, wanted: &str, row: usize| enterprises.text(column, row) == wanted;
        let all = || 0..enterprises.len();
        let mut both = all().filter(|row| is("uscc", &code, *row) && is("name", &name, *row));
        if let Some(found) = both.next() {
            return Some(found).filter(|_| both.next().is_none());
        }
        let (column, wanted) = if code.is_empty() { ("name", &name) } else { ("uscc", &code) };
        let mut alone = all().filter(|row| !wanted.is_empty() && is(column, wanted, *row));
        alone.next().filter(|_| alone.next().is_none())
    }
}

fn told(range: &Range<Data>, row: u32, column: u32) -> String {
    match range.get_value((row, column)) {
        None | Some(Data::Empty) => String::new(),
        Some(Data::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A header without its unit, which stands on a line of its own.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// What headers say under some settings.
struct Known<'a> {
    config: &'a Config,
    lang: Lang,
    last: i32,
}

impl Known<'_> {
    fn header(&self, id: &str) -> &'static str {
        word(self.lang, &format!("column.{id}"))
    }

    fn year(&self, year: i32) -> String {
        fill(word(self.lang, "publish.year"), |_| Some(year.to_string())).into_owned()
    }

    /// Columns that most sheets begin with.
    fn identity(&self, head: &str) -> Option<String> {
        ["uscc", "name", "pooled"].into_iter().find(|id| self.header(id) == head).map(str::to_owned)
    }

    /// The column that a header of these sheets names.
    fn column(&self, sheet: &str, group: Option<&str>, head: &str) -> Option<String> {
        if group.is_none()
            && let Some(column) = self.identity(head)
        {
            return Some(column);
        }
        match sheet {
            "pool" if group.is_none() && head == self.header("findings") => Some("findings".to_owned()),
            "pool" => {
                let years: Vec<i32> = (0..self.config.merge.years as i32).rev().map(|before| self.last - before).collect();
                let columns = listed(self.config, &self.config.pool.sheet, &years);
                columns.into_iter().find(|column| self.heads(column) == (group.map(str::to_owned), head.to_owned()))
            }
            "needs" => {
                let asked = self.config.pool.needs.iter().filter_map(|id| EnterpriseColumn::of(self.config, id));
                asked.into_iter().find(|column| column.heading(self.lang) == head).map(|column| column.id.to_owned())
            }
            "verdicts" if head == self.header("conclusion") => Some("conclusion".to_owned()),
            "verdicts" => {
                let mut criteria = self.config.criteria();
                let (id, _) = criteria.find(|(_, criterion)| Some(criterion.name.get(self.lang)) == group)?;
                let start = if head == self.header("verdict") { "verdict" } else { "figure" };
                Some(format!("{start}_{id}"))
            }
            "scores" => {
                if let Some(id) = ["rank", "score", "score_missing"].into_iter().find(|id| self.header(id) == head) {
                    return Some(id.to_owned());
                }
                let of = |name: &str, weight: u32| {
                    let values = [name.to_owned(), weight.to_string()];
                    fill(word(self.lang, "publish.points_of"), |i| values.get(i.parse::<usize>().ok()?).cloned()).into_owned()
                };
                let mut scored = self.config.scored_criteria();
                let (id, _) = scored.find(|(_, c)| of(c.name.get(self.lang), c.weight.unwrap_or(1)) == head)?;
                Some(format!("points_{id}"))
            }
            _ => None,
        }
    }

    /// The words above a column of the pool: of its group, and its own.
    fn heads(&self, column: &str) -> (Option<String>, String) {
        let Some(column) = EnterpriseColumn::of(self.config, column) else { return (None, String::new()) };
        match column.year {
            Some(year) => (Some(column.label(self.lang)), self.year(YearOf::calendar(year, self.last))),
            None => (column.group(self.lang, self.last), column.heading(self.lang)),
        }
    }

    fn of_finances(&self, group: Option<&str>, head: &str) -> Option<(String, i32)> {
        let group = group?;
        let label = |id: &String| {
            let english = find_word(Lang::En, &format!("column.{id}")).filter(|_| self.lang == Lang::En);
            let field = self.config.figures().and_then(|(_, form)| form.field.get(id));
            english.or_else(|| field.map(|f| f.label.as_str())) == Some(group)
        };
        let field = self.config.pool.finances.iter().find(|id| label(id))?;
        let year = (0..self.config.merge.years as i32).map(|before| self.last - before).find(|year| self.year(*year) == head)?;
        Some((field.clone(), year))
    }

    fn of_patents(&self, head: &str) -> Option<String> {
        let (_, _, right) = self.config.rights()?;
        let fields = [
            ("patent_number", &right.number),
            ("patent_title", &right.title),
            ("kind", &right.kind),
            ("filed_on", &right.filed_on),
            ("granted_on", &right.granted_on),
            ("term", &right.expires_on),
            ("status", &right.status),
            ("pledged", &right.pledged),
            ("holders", &right.holders),
        ];
        fields.into_iter().find(|(id, _)| self.header(id) == head).map(|(_, field)| field.clone())
    }

    fn of_list(&self, head: &str) -> Option<String> {
        if let Some(column) = self.identity(head) {
            return Some(column);
        }
        let columns =
            [("list_need", self.config.issue.amount.as_str()), ("score", "score"), ("industry", self.config.pool.industry.as_str())];
        columns.into_iter().find(|(id, _)| self.header(id) == head).map(|(_, column)| column.to_owned())
    }
}
