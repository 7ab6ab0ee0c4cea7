//! The market regulation bureau's files: the list of patents and its supplement.
//!
//! Owns: spellings of numbers, days, kinds and owners, and the faults of the patents. Gives: [`Book`]s.
//! Invariants: spellings that a careful reader understands are no faults and are not marked; marked rows have one
//! fault and, but for the fault, an owner of the directory.

use crate::model::patent_number::PatentKind as Kind;
use chrono::{Days, NaiveDate};

use super::codes::{with_letter_o, with_wrong_check};
use super::draw::Draw;
use super::enterprise::day;
use super::fault::FaultKind as F;
use super::head;
use super::patent::{Inventor, Patent, digit};
use super::returns_plan::widen;
use super::sheet::{Book, Column, ColumnKind, Format, Line, LineKind, Sheet, Value};

const NUMBER: usize = 0;
const GRANTED: usize = 4;
const OWNER: usize = 6;
const CODE: usize = 7;

const HEADINGS: [&str; 9] =
    ["专利号", "专利名称", "专利类型", "申请日", "授权公告日", "法律状态", "专利权人", "统一社会信用代码", "质押情况"];

/// Faults made in sound rows: kind and how many.
const FAULTS: [(F, usize); 8] = [
    (F::PatentCheck, 4),
    (F::PublicationNumber, 3),
    (F::FutureDate, 3),
    (F::GrantBeforeApplication, 3),
    (F::NameFullWidth, 3),
    (F::CodeCheck, 3),
    (F::CodeLetterO, 2),
    (F::HiddenRow, 1),
];

/// How many rows stand twice in the list.
const DOUBLED: usize = 3;

/// Writes the list and its supplement; none if the sample is too small for all faults.
pub(super) fn books(inventor: &mut Inventor<'_>, count: usize) -> Option<Vec<Book>> {
    let mut patents = unlinked(inventor)?;
    while patents.len() < count {
        patents.push((inventor.patent()?, None));
    }
    let mut rows: Vec<(Patent, Line)> = Vec::with_capacity(count);
    for (patent, fault) in patents {
        let mut line = line(&patent, inventor.draw, false);
        if let Some((kind, column)) = fault {
            line.mark_cell(kind, column, "");
        }
        rows.push((patent, line));
    }
    plant(&mut rows, inventor.draw)?;
    inventor.draw.shuffle(&mut rows);
    let again: Vec<Line> = sound(&rows, DOUBLED + 1)
        .into_iter()
        .map(|index| {
            let mut line = rows[index].1.clone();
            line.mark(F::DuplicateRecord);
            line
        })
        .collect();
    let (in_supplement, in_list) = again.split_last()?;
    let mut sheet = blank_sheet("专利清单");
    sheet.lines.extend(rows.into_iter().map(|(_, line)| line));
    sheet.lines.extend(in_list.iter().cloned());
    Some(vec![
        Book { path: "市监局/专利清单.xlsx".into(), format: Format::Xlsx, sheets: vec![sheet] },
        supplement(inventor, count / 64, in_supplement)?,
    ])
}

/// A patent, and the fault that it was invented for with its column.
type Planned = (Patent, Option<(F, usize)>);

/// Invents the patents whose owner cannot be linked or whose term is over.
fn unlinked(inventor: &mut Inventor<'_>) -> Option<Vec<Planned>> {
    const STATUS: usize = 5;
    let city = inventor.city;
    let mut patents = Vec::new();
    for enterprise in city.unlisted.iter().skip(2) {
        let patent = inventor.plain(&enterprise.name, (2019, 2024))?;
        patents.push((patent, Some((F::OwnerUnknown, OWNER))));
    }
    for name in city.ambiguous.iter().chain(&city.ambiguous) {
        let patent = inventor.plain(name, (2019, 2020))?;
        patents.push((patent, Some((F::Namesake, OWNER))));
    }
    let owners = city.enterprises.iter().filter(|e| e.award.is_some());
    for enterprise in owners.take(4) {
        let mut patent = inventor.plain(&enterprise.name, (2013, 2015))?;
        patent.code = Some(enterprise.code.clone());
        patents.push((patent, Some((F::ExpiredInForce, STATUS))));
    }
    Some(patents)
}

/// Picks the first rows that are sound, in force, linked by code and without a fault.
fn sound(rows: &[(Patent, Line)], count: usize) -> Vec<usize> {
    let free = rows.iter().enumerate().filter(|(_, (patent, line))| patent.in_force && patent.code.is_some() && line.marks.is_empty());
    free.map(|(index, _)| index).take(count).collect()
}

fn plant(rows: &mut [(Patent, Line)], draw: &mut Draw) -> Option<()> {
    for (kind, count) in FAULTS {
        let chosen = sound(rows, count);
        if chosen.len() < count {
            return None;
        }
        for index in chosen {
            let (patent, line) = &mut rows[index];
            plant_one(kind, patent, line, draw);
        }
    }
    Some(())
}

fn plant_one(kind: F, patent: &Patent, line: &mut Line, draw: &mut Draw) {
    let shown = |column: usize, line: &Line| line.cells[column].shown();
    match kind {
        F::PatentCheck => {
            let wrong = with_wrong_check(&shown(NUMBER, line));
            line.plant(kind, NUMBER, Value::Text(wrong));
        }
        F::PublicationNumber => {
            line.plant(kind, NUMBER, Value::Text(publication(patent.kind, draw)));
        }
        F::FutureDate => {
            let date = day(2027, 3, 12).map_or(Value::Blank, Value::Date);
            line.plant(kind, GRANTED, date);
        }
        F::GrantBeforeApplication => {
            let before = patent.filed.checked_sub_days(Days::new(20 + draw.below(60)));
            line.plant(kind, GRANTED, before.map_or(Value::Blank, Value::Date));
        }
        F::NameFullWidth => {
            let wide = widen(&shown(OWNER, line));
            line.plant(kind, OWNER, Value::Text(wide));
        }
        F::CodeCheck => {
            let wrong = with_wrong_check(&shown(CODE, line));
            line.plant(kind, CODE, Value::Text(wrong));
        }
        F::CodeLetterO => {
            let wrong = with_letter_o(&shown(CODE, line));
            line.plant(kind, CODE, Value::Text(wrong));
        }
        _ => {
            line.hidden = true;
            line.mark(kind);
        }
    }
}

/// Invents a publication number of the kind; sequences from 90,000,000 are not assigned.
fn publication(kind: Kind, draw: &mut Draw) -> String {
    let letter = match kind {
        Kind::Invention => 'B',
        Kind::UtilityModel => 'U',
        Kind::Design => 'S',
    };
    format!("CN{}9{:07}{letter}", digit(kind), draw.below(10_000_000))
}

fn blank_sheet(name: &str) -> Sheet {
    let kinds = [
        (ColumnKind::Text, 21),
        (ColumnKind::Text, 40),
        (ColumnKind::Center, 10),
        (ColumnKind::Date, 12),
        (ColumnKind::Date, 12),
        (ColumnKind::Center, 26),
        (ColumnKind::Text, 46),
        (ColumnKind::Text, 21),
        (ColumnKind::Center, 18),
    ];
    let columns = kinds.map(|(kind, width)| Column::new(kind, width));
    let mut sheet = Sheet::new(name, columns.to_vec());
    let last = columns.len() - 1;
    sheet.banner(LineKind::Title, &[(0, last, "龙南市企业专利清单")]);
    let (office, until) = ("提供单位：龙南市市场监督管理局", "数据截至2026年5月31日");
    sheet.banner(LineKind::Caption, &[(0, 2, office), (last - 1, last, until)]);
    head::add(&mut sheet, &HEADINGS.map(|heading| vec![heading.to_owned()]));
    sheet.frozen_columns = 1;
    sheet
}

/// Writes late patents as a text table; one of the list's stands there again.
fn supplement(inventor: &mut Inventor<'_>, count: usize, again: &Line) -> Option<Book> {
    let columns = HEADINGS.map(|_| Column::new(ColumnKind::Text, 16));
    let mut sheet = Sheet::new("专利补充", columns.to_vec());
    head::add(&mut sheet, &HEADINGS.map(|heading| vec![heading.to_owned()]));
    for _ in 0..count {
        let patent = inventor.patent()?;
        sheet.lines.push(line(&patent, inventor.draw, true));
    }
    sheet.lines.push(again.clone());
    Some(Book { path: "市监局/专利补充.csv".into(), format: Format::CsvUtf8, sheets: vec![sheet] })
}

fn line(patent: &Patent, draw: &mut Draw, as_text: bool) -> Line {
    let text = |text: &str| {
        if text.is_empty() { Value::Blank } else { Value::text(text) }
    };
    let kind = *draw.pick(match patent.kind {
        Kind::Invention => &["发明专利", "发明专利", "发明"],
        Kind::UtilityModel => &["实用新型", "实用新型", "实用新型专利"],
        Kind::Design => &["外观设计", "外观设计", "外观设计专利"],
    });
    let separator = *draw.pick(&["、", "；", ";"]);
    let cells = vec![
        Value::Text(spelled(&patent.number, draw)),
        text(&patent.title),
        text(kind),
        dated(patent.filed, draw, as_text),
        patent.granted.map_or(Value::Blank, |date| dated(date, draw, as_text)),
        text(&patent.status),
        Value::Text(patent.owners.join(separator)),
        patent.code.as_deref().map_or(Value::Blank, text),
        text(&patent.pledge),
    ];
    Line::new(LineKind::Body, cells)
}

/// Spells a number in one of the usual ways.
fn spelled(number: &str, draw: &mut Draw) -> String {
    match draw.below(10) {
        0..6 => format!("ZL{number}"),
        6 => number.to_owned(),
        7 => number.replace('.', ""),
        8 => format!("CN{number}"),
        _ => {
            let (year, rest) = number.split_at(4);
            let (kind, rest) = rest.split_at(1);
            format!("ZL {year} {kind} {rest}")
        }
    }
}

/// Writes three days in ten as text, in four spellings.
fn dated(date: NaiveDate, draw: &mut Draw, as_text: bool) -> Value {
    let pattern = match draw.below(40) {
        0..3 => "%Y-%m-%d",
        3..6 => "%Y.%m.%d",
        6..9 => "%Y%m%d",
        9..12 => "%Y年%-m月%-d日",
        _ if as_text => "%Y/%-m/%-d",
        _ => return Value::Date(date),
    };
    Value::Text(date.format(pattern).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelled_without_loss() {
        let mut draw = Draw::new(9, 0);
        for _ in 0..60 {
            let text = spelled("202220123456.7", &mut draw);
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            assert_eq!(digits, "2022201234567");
        }
    }

    #[test]
    fn publication_numbers_are_outside_what_is_assigned() {
        let text = publication(Kind::UtilityModel, &mut Draw::new(9, 1));
        assert!(text.starts_with("CN29") && text.ends_with('U') && text.len() == 12);
    }
}
