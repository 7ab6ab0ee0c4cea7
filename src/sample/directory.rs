//! The industry bureau's files: the directory of enterprises and the financing needs.
//!
//! Takes: the enterprises and the roster. Gives: [`Book`]s with their faults planted.
//! Invariants: every enterprise of the city stands in the directory; contacts are never real (某某, 0797-0000000).

use chrono::NaiveDate;

use super::codes::{with_letter_o, with_wrong_check};
use super::draw::Draw;
use super::enterprise::{City, Enterprise, Purpose, Roster, Title, day};
use super::fault::FaultKind as F;
use super::head;
use super::returns_plan::widen;
use super::sheet::{Book, Column, ColumnKind, Format, Line, LineKind, Sheet, Value};
use super::words::Words;

const CODE: usize = 1;
const NAME: usize = 2;

const HEADINGS: [&str; 11] = [
    "序号",
    "统一社会信用代码",
    "企业名称",
    "曾用名",
    "注册地址",
    "行业代码",
    "专精特新等级",
    "认定日期",
    "有效期至",
    "联系人",
    "联系电话",
];

const NEED_HEADINGS: [&str; 7] =
    ["企业名称", "统一社会信用代码", "融资需求(万元)", "融资期限(月)", "资金用途", "数据使用授权(是/否)", "授权日期"];

/// Writes the directory; none if the sample is too small for all faults.
pub(super) fn book(words: &Words, city: &City, roster: &mut Roster, draw: &mut Draw) -> Option<Book> {
    let mut sheet = blank_sheet("企业名录");
    let last = sheet.columns.len() - 1;
    sheet.banner(LineKind::Title, &[(0, last, "龙南市工业企业名录（2026年）")]);
    let (office, until) = ("填报单位：龙南市工业和信息化局", "截至2026年5月31日");
    sheet.banner(LineKind::Caption, &[(0, 4, office), (last - 2, last, until)]);
    head::add(&mut sheet, &HEADINGS.map(|heading| vec![heading.to_owned()]));
    let mut lines: Vec<Vec<Line>> = city.enterprises.iter().map(|enterprise| vec![line(words, enterprise, draw)]).collect();
    plant(city, roster, &mut lines)?;
    sheet.lines.extend(lines.into_iter().flatten());
    number(&mut sheet);
    let footer = "填表人：张某某　　审核人：王某某　　联系电话：0797-0000000";
    sheet.banner(LineKind::Footer, &[(0, last, footer)]);
    Some(Book {
        path: "工信局/企业名录_2026.xlsx".into(), format: Format::Xlsx, sheets: vec![sheet, hidden_draft(words, city, draw)]
    })
}

fn blank_sheet(name: &str) -> Sheet {
    let kinds = [
        (ColumnKind::Center, 6),
        (ColumnKind::Text, 21),
        (ColumnKind::Text, 36),
        (ColumnKind::Text, 32),
        (ColumnKind::Text, 46),
        (ColumnKind::Center, 10),
        (ColumnKind::Text, 26),
        (ColumnKind::Date, 12),
        (ColumnKind::Date, 12),
        (ColumnKind::Center, 9),
        (ColumnKind::Center, 14),
    ];
    let columns = kinds.map(|(kind, width)| Column::new(kind, width));
    let mut sheet = Sheet::new(name, columns.to_vec());
    sheet.frozen_columns = 3;
    sheet
}

fn line(words: &Words, enterprise: &Enterprise, draw: &mut Draw) -> Line {
    let text = |text: &str| Value::text(text);
    let award = enterprise.award;
    let former = enterprise.former.as_ref();
    let contact = *draw.pick(&["张某某", "李某某", "刘某某", "钟某某", "廖某某", "赖某某"]);
    let cells = vec![
        Value::Blank,
        text(&enterprise.code),
        text(&enterprise.name),
        former.map_or(Value::Blank, |(name, _)| text(name)),
        text(&enterprise.address),
        text(&words.industry[enterprise.industry].code),
        award.map_or(Value::Blank, |award| text(level(award.title, draw))),
        award.map_or(Value::Blank, |award| dated(award.from, draw)),
        award.map_or(Value::Blank, |award| Value::Date(award.until)),
        text(contact),
        text("0797-0000000"),
    ];
    Line::new(LineKind::Body, cells)
}

/// Spells a title in one of the ways that are in use.
fn level(title: Title, draw: &mut Draw) -> &'static str {
    let spellings: [&'static str; 2] = match title {
        Title::LittleGiant => ["国家级专精特新“小巨人”企业", "专精特新小巨人"],
        Title::Specialized => ["省级专精特新中小企业", "专精特新中小企业"],
        Title::Innovative => ["创新型中小企业", "省级创新型中小企业"],
    };
    spellings[draw.index(spellings.len())]
}

/// Writes one date in six as text.
fn dated(date: NaiveDate, draw: &mut Draw) -> Value {
    match draw.below(6) {
        0 => Value::Text(date.format("%Y年%-m月%-d日").to_string()),
        _ => Value::Date(date),
    }
}

fn plant(city: &City, roster: &mut Roster, lines: &mut [Vec<Line>]) -> Option<()> {
    let faults = [
        (F::CodeDigitsLost, Purpose::DigitCode, 2),
        (F::NameFullWidth, Purpose::LatinName, 1),
        (F::NameFullWidth, Purpose::Plain, 2),
        (F::CodeCheck, Purpose::Plain, 3),
        (F::CodeMissing, Purpose::Plain, 3),
        (F::CodeLetterO, Purpose::Plain, 2),
        (F::DuplicateRecord, Purpose::Plain, 3),
        (F::HiddenRow, Purpose::Plain, 1),
    ];
    for (kind, purpose, count) in faults {
        let chosen = roster.take(count, |index| city.enterprises[index].purpose == purpose);
        if chosen.len() < count {
            return None;
        }
        for index in chosen {
            plant_one(kind, &city.enterprises[index], &mut lines[index]);
        }
    }
    Some(())
}

fn plant_one(kind: F, enterprise: &Enterprise, lines: &mut Vec<Line>) {
    let Some(line) = lines.first_mut() else {
        return;
    };
    match kind {
        F::CodeDigitsLost => line.plant(kind, CODE, lost_digits(&enterprise.code)),
        F::NameFullWidth => line.plant(kind, NAME, Value::Text(widen(&enterprise.name))),
        F::CodeCheck => line.plant(kind, CODE, Value::Text(with_wrong_check(&enterprise.code))),
        F::CodeMissing => line.plant(kind, CODE, Value::Blank),
        F::CodeLetterO => line.plant(kind, CODE, Value::Text(with_letter_o(&enterprise.code))),
        F::DuplicateRecord => {
            let mut double = line.clone();
            double.mark(kind);
            lines.push(double);
        }
        _ => {
            line.hidden = true;
            line.mark(kind);
        }
    }
}

/// Gives the number that a spreadsheet keeps of 18 digits: the first 15.
fn lost_digits(code: &str) -> Value {
    match code.parse::<i64>() {
        Ok(number) => Value::Integer(number / 1000 * 1000),
        Err(_) => Value::text(code),
    }
}

fn number(sheet: &mut Sheet) {
    let body = sheet.lines.iter_mut().filter(|line| line.kind == LineKind::Body);
    for (index, line) in body.enumerate() {
        line.cells[0] = Value::Integer(index as i64 + 1);
    }
}

/// A forgotten draft of the year before, hidden: it must be told, never read in silence.
fn hidden_draft(words: &Words, city: &City, draw: &mut Draw) -> Sheet {
    let mut sheet = blank_sheet("2025年旧表");
    sheet.hidden = true;
    head::add(&mut sheet, &HEADINGS.map(|heading| vec![heading.to_owned()]));
    let some = city.enterprises.iter().filter(|e| e.purpose == Purpose::Plain).take(12);
    sheet.lines.extend(some.map(|enterprise| line(words, enterprise, draw)));
    number(&mut sheet);
    sheet
}

/// Writes the financing needs: holders of titles, most of those above scale, and a few small ones.
pub(super) fn needs(words: &Words, city: &City, roster: &mut Roster, draw: &mut Draw) -> Option<Book> {
    let columns = NEED_HEADINGS.map(|_| Column::new(ColumnKind::Text, 16));
    let mut sheet = Sheet::new("融资需求", columns.to_vec());
    head::add(&mut sheet, &NEED_HEADINGS.map(|heading| vec![heading.to_owned()]));
    let mut lines: Vec<Option<Line>> = Vec::new();
    for enterprise in &city.enterprises {
        let wanted = match (enterprise.award.map(|award| award.title), enterprise.reports_from) {
            _ if enterprise.purpose == Purpose::Namesake => 0,
            // Its character shows that the file is GB18030, not GBK.
            _ if enterprise.name.contains(&words.rare) => 100,
            (Some(Title::LittleGiant | Title::Specialized), _) => 92,
            (Some(Title::Innovative), _) => 55,
            (None, Some(_)) => 22,
            (None, None) => 6,
        };
        lines.push(draw.chance(wanted).then(|| need(words, enterprise, draw)).flatten());
    }
    let asks: Vec<bool> = lines.iter().map(Option::is_some).collect();
    let faults = [
        (F::NotANumber, 2, "面议"),
        (F::NoValueMark, 1, "无"),
        (F::NoValueMark, 1, "—"),
        (F::FutureDate, 1, "2027-02-28"),
        (F::NameFullWidth, 1, ""),
    ];
    for (kind, count, text) in faults {
        let chosen = roster.take(count, |index| asks[index]);
        for index in &chosen {
            if let Some(line) = lines.get_mut(*index).and_then(Option::as_mut) {
                plant_need(kind, text, line);
            }
        }
        (chosen.len() == count).then_some(())?;
    }
    sheet.lines.extend(lines.into_iter().flatten());
    Some(Book { path: "工信局/融资需求.csv".into(), format: Format::CsvGb18030, sheets: vec![sheet] })
}

fn plant_need(kind: F, text: &str, line: &mut Line) {
    const NEED_NAME: usize = 0;
    const AMOUNT: usize = 2;
    const CONSENT: usize = 5;
    const CONSENT_DATE: usize = 6;
    match kind {
        F::NameFullWidth => {
            let name = widen(&line.cells[NEED_NAME].shown());
            line.plant(kind, NEED_NAME, Value::Text(name));
        }
        F::FutureDate => {
            line.cells[CONSENT] = Value::text("是");
            line.cells[CONSENT_DATE] = Value::Blank;
            line.plant(kind, CONSENT_DATE, Value::text(text));
        }
        _ => line.plant(kind, AMOUNT, Value::text(text)),
    }
}

fn need(words: &Words, enterprise: &Enterprise, draw: &mut Draw) -> Option<Line> {
    let amount = draw.between(4, 40) * 50;
    let months = *draw.pick(&[12, 12, 12, 24, 36]);
    let purpose = draw.pick(&words.purposes).as_str();
    let consent = draw.chance(86);
    let consented = draw.day(day(2026, 1, 5)?, day(2026, 5, 29)?);
    let spelled = match draw.below(3) {
        0 => consented.format("%Y/%-m/%-d").to_string(),
        _ => consented.format("%Y-%m-%d").to_string(),
    };
    Some(Line::new(
        LineKind::Body,
        vec![
            Value::text(enterprise.name.as_str()),
            Value::text(enterprise.code.as_str()),
            Value::Integer(amount),
            Value::Integer(months),
            Value::text(purpose),
            Value::text(if consent { "是" } else { "否" }),
            if consent { Value::Text(spelled) } else { Value::Blank },
        ],
    ))
}
