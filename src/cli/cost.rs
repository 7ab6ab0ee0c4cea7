//! `huichi cost`: what an issue costs.

use super::args::{Cli, Cost, Format};
use super::output::{Paint, configuration, lang, say};
use crate::error::{Error, ErrorKind};
use crate::finding::cost::{basis_in_words, clashes_in_words, money, notes_in_words, rate, rate_in_words, terms_in_words};
use crate::finding::word;
use crate::model::cost::{Estimate, Line, Total};
use crate::model::words::Lang;
use crate::portal::pool::{AskedTerms, CostEstimate};
use unicode_width::UnicodeWidthStr;

/// Prints an estimate.
pub fn run(cli: &Cli, asked: &Cost) -> Result<u8, Error> {
    let config = configuration(cli)?;
    let lang = lang(cli, &config);
    let text = |stated: &Option<String>| stated.clone().unwrap_or_default();
    let asked = AskedTerms {
        scale: text(&asked.scale),
        months: text(&asked.months),
        coupon: text(&asked.coupon),
        bridge_days: text(&asked.bridge_days),
    };
    let terms = asked.read(&config).map_err(|unread| {
        let argument = format!("--{}", unread.term.replace('_', "-"));
        Error::new(ErrorKind::Usage, "ERR-015").with("argument", argument).with("found", unread.found).with("expected", unread.expected)
    })?;
    let estimate = config.cost.costs(lang).estimate(terms);
    match cli.format {
        Format::Json => say(serde_json::to_value(CostEstimate::of(lang, &estimate))?),
        Format::Text => print(lang, &estimate),
    }
    Ok(0)
}

/// Columns of the printed table; the first is text, the others lie right.
const COLUMNS: usize = 5;

fn print(lang: Lang, estimate: &Estimate) {
    let paint = Paint::stdout();
    let said = |key: &str| word(lang, &format!("cost.{key}")).to_owned();
    let unit = word(lang, "unit.10000");
    say(paint.text("1", &said("title")));
    say(terms_in_words(lang, estimate));
    say("");
    let mut rows =
        vec![[said("item"), said("rate"), said("basis"), format!("{}/{unit}", said("by_rate")), format!("{}/{unit}", said("by_quote"))]];
    let row = |line: &Line| {
        let quoted = line.quoted.map(|quoted| money(quoted, lang)).unwrap_or_default();
        let item = &line.item;
        [item.name.clone(), rate_in_words(lang, item), basis_in_words(lang, item).to_owned(), money(line.stated, lang), quoted]
    };
    rows.extend(estimate.lines.iter().map(row));
    let (stated, quoted) = (estimate.stated(), estimate.quoted());
    let sum = |key: &str, of: &dyn Fn(&Total) -> String| {
        [said(key), String::new(), String::new(), of(&stated), quoted.as_ref().map(of).unwrap_or_default()]
    };
    let items = rows.len();
    rows.push(sum("guarantee", &|total| money(total.guarantee, lang)));
    rows.push(sum("services", &|total| money(total.services, lang)));
    rows.push(sum("fees", &|total| money(total.fees, lang)));
    rows.push(sum("interest", &|_| money(estimate.terms.interest(), lang)));
    rows.push(sum("all", &|total| money(total.all, lang)));
    rows.push(sum("all_rate", &|total| rate(total.rate, lang)));
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| rows.iter().map(|row| row[column].width()).max().unwrap_or_default());
    for (number, row) in rows.iter().enumerate() {
        let line = aligned(row, &widths);
        say(if number == 0 || number >= items { paint.text("1", &line) } else { line });
    }
    say("");
    clashes_in_words(lang, estimate).iter().for_each(say);
    let payers = estimate.payers();
    if payers.iter().any(|(payer, _)| payer.is_some()) {
        say("");
        say(paint.text("1", &said("payers")));
        for (payer, amount) in payers {
            say(format!("  {}  {} {unit}", payer.unwrap_or_else(|| said("open")), money(amount, lang)));
        }
    }
    say("");
    notes_in_words(lang, estimate).iter().for_each(say);
}

fn aligned(row: &[String; COLUMNS], widths: &[usize; COLUMNS]) -> String {
    let cells = row.iter().zip(widths).enumerate().map(|(column, (text, width))| {
        let blanks = " ".repeat(width.saturating_sub(text.width()));
        // Names and what they are charged on are read from the left, figures from the right.
        if matches!(column, 0 | 2) { format!("{text}{blanks}") } else { format!("{blanks}{text}") }
    });
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}
