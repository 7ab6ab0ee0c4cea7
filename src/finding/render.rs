//! From a finding as data to what people read: its place, what was found and expected, and the sentence.

use super::{Catalogue, Expected, Finding, reference, word};
use crate::config::Config;
use crate::model::place::Places;
use crate::model::words::{Lang, fill};

/// A finding in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The bureau that sent the file.
    pub bureau: String,
    /// The file.
    pub file: String,
    /// The sheet.
    pub sheet: String,
    /// The cell.
    pub cell: String,
    /// Cells of the other fields judged, separated by `;`.
    pub related: String,
    /// Label of the field judged first.
    pub field: String,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
    /// The sentence.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Renders findings in one language.
pub struct Renderer<'a> {
    /// The texts.
    pub catalogue: &'a Catalogue,
    /// Labels of fields.
    pub config: &'a Config,
    /// Files and tables.
    pub places: &'a Places,
    /// The language.
    pub lang: Lang,
}

impl Renderer<'_> {
    /// A finding in words.
    pub fn render(&self, finding: &Finding) -> Rendered {
        let mut out = self.place(finding);
        // What was found while reading a file is told by its arguments alone.
        let told = |name: &str| finding.args.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone()).unwrap_or_default();
        out.found = if finding.found.is_empty() { told("found") } else { finding.found.clone() };
        out.expected = finding.expected.as_ref().map_or_else(|| told("expected"), |e| self.expected(finding, e));
        if let Some(entry) = self.catalogue.get(&finding.code) {
            let argument = |name: &str| match name {
                "found" => Some(out.found.clone()),
                "expected" => Some(out.expected.clone()),
                "field" => Some(out.field.clone()),
                // Reasons are ours and may be references; every other argument may be a bureau's own text.
                "reason" => finding.args.iter().find(|(k, _)| k == name).map(|(_, v)| self.reference(v)),
                _ => {
                    let field = name.strip_prefix('@').map_or(Some(name), |nature| self.of_nature(finding, nature));
                    let argument = finding.args.iter().find(|(k, _)| field == Some(k.as_str()));
                    Some(argument.map_or_else(|| "—".to_owned(), |(_, v)| v.clone()))
                }
            };
            out.message = fill(entry.message.get(self.lang), argument).into_owned();
            out.help = fill(entry.help.get(self.lang), argument).into_owned();
        }
        out
    }

    /// The field that stands for a nature in the form of a finding.
    fn of_nature(&self, finding: &Finding, nature: &str) -> Option<&str> {
        self.config.form.get(finding.dataset.as_ref())?.of_nature(nature)
    }

    /// The fields judged; of a sum row, the one that it adds up.
    fn fields(&self, finding: &Finding) -> Vec<String> {
        if finding.dataset.as_ref() == "sum_rows" {
            return finding.args.iter().filter(|(k, _)| k == "field").map(|(_, v)| v.clone()).collect();
        }
        finding.fields.to_vec()
    }

    fn place(&self, finding: &Finding) -> Rendered {
        let Some(record) = finding.record else {
            let file = finding.file.and_then(|f| self.places.files.get(f));
            return Rendered {
                bureau: file.map(|f| f.bureau.clone()).unwrap_or_default(),
                file: file.map(|f| f.path.clone()).unwrap_or_default(),
                sheet: finding.sheet.clone().unwrap_or_default(),
                cell: finding.cell.clone().unwrap_or_default(),
                ..Rendered::default()
            };
        };
        let fields = self.fields(finding);
        let table = self.places.table(record);
        let shown = fields.iter().position(|f| table.is_some_and(|t| t.column(f).is_some())).unwrap_or(0);
        let related: Vec<String> = fields.iter().skip(shown + 1).filter_map(|f| self.places.address(record, f)).collect();
        let form = table.map_or("", |t| t.form.as_str());
        let label = fields.get(shown).map(|f| self.label(form, f)).unwrap_or_default();
        match self.places.place(record, &fields) {
            Some(place) => Rendered {
                bureau: place.file.bureau.clone(),
                file: place.file.path.clone(),
                sheet: place.sheet.to_owned(),
                cell: place.cell,
                related: related.join(";"),
                field: label,
                ..Rendered::default()
            },
            None => Rendered::default(),
        }
    }

    fn label(&self, form: &str, field: &str) -> String {
        self.config.form.get(form).and_then(|f| f.field.get(field)).map_or_else(|| field.to_owned(), |f| f.label.clone())
    }

    fn expected(&self, finding: &Finding, expected: &Expected) -> String {
        match expected {
            Expected::Text(text) => self.reference(text),
            Expected::Number(number) => number.to_string(),
            Expected::Date(date) => date.to_string(),
            Expected::Amount(amount) => self.amount(finding, *amount),
            Expected::Record(record) => self.record(finding, *record),
        }
    }

    /// Words, or what a catalogue reference says.
    pub fn reference(&self, text: &str) -> String {
        reference(self.lang, text)
    }

    /// An amount in the unit of the finding's own cell.
    fn amount(&self, finding: &Finding, amount: i128) -> String {
        let unit = finding.record.and_then(|record| {
            let table = self.places.table(record)?;
            self.fields(finding).iter().find_map(|f| table.column(f)).and_then(|c| c.unit_yuan)
        });
        match unit {
            Some(unit) => format!("{} {}", in_unit(amount, unit), word(self.lang, &format!("unit.{unit}"))),
            None => in_unit(amount, 1),
        }
    }

    fn record(&self, finding: &Finding, record: i64) -> String {
        let fields = self.fields(finding);
        let Some(place) = self.places.place(record, &fields) else { return String::new() };
        let here = finding.record.and_then(|r| self.places.place(r, &fields));
        match here {
            Some(here) if here.file == place.file && here.sheet == place.sheet => place.cell,
            Some(here) if here.file == place.file => format!("[{}]{}", place.sheet, place.cell),
            _ => format!("{}[{}]{}", place.file.path, place.sheet, place.cell),
        }
    }
}

/// An amount in yuan at scale 4, in a unit, without needless zeros, digits in threes.
pub fn in_unit(amount: i128, unit: i64) -> String {
    let divisor = i128::from(unit.max(1)) * 10_000;
    let places = divisor.ilog10();
    let whole = amount.abs() / divisor;
    let rest = amount.abs() % divisor;
    let digits = whole.to_string();
    let mut out = String::from(if amount < 0 { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    let fraction = format!("{rest:0width$}", width = places as usize);
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_in_the_unit_of_the_cell() {
        for (amount, unit, want) in [
            (123_456_780_000, 1000, "12,345.678"),
            (-50_000_000, 1000, "-5"),
            (1, 1, "0.0001"),
            (0, 10_000, "0"),
            (10_500_000, 10_000, "0.105"),
        ] {
            assert_eq!(in_unit(amount, unit), want);
        }
    }
}
