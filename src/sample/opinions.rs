//! What the service agencies of the application stage answer: pre-appraisals, guarantees, legal opinions, ratings.
//!
//! Takes: the enterprises. Gives: [`Book`]s without faults. Asked are holders of the two higher titles; one in twelve has no answer yet,
//! a few are refused, so that what opinions do to the list can be seen.

use super::draw::Draw;
use super::enterprise::{City, Enterprise, Purpose, Title, day};
use super::head;
use super::sheet::{Book, Column, ColumnKind, Format, Line, LineKind, Sheet, Value};
use chrono::NaiveDate;

/// Answers in hundred of those asked.
const ANSWERED: u64 = 92;

/// Writes the four tables.
pub(super) fn books(city: &City, draw: &mut Draw) -> Option<Vec<Book>> {
    let asked: Vec<&Enterprise> = city.enterprises.iter().filter(|e| is_asked(e)).collect();
    let (first, last) = (day(2026, 6, 8)?, day(2026, 6, 26)?);
    let mut table = |path: &str, title: &str, headings: &[&str], answer: fn(&mut Draw, NaiveDate) -> Vec<Value>| {
        let mut sheet = Sheet::new(title, headings.iter().map(|heading| Column::new(kind_of(heading), width(heading))).collect());
        sheet.banner(LineKind::Title, &[(0, headings.len() - 1, title)]);
        head::add(&mut sheet, &headings.iter().map(|heading| vec![(*heading).to_owned()]).collect::<Vec<_>>());
        for enterprise in &asked {
            if draw.chance(ANSWERED) {
                let on = draw.day(first, last);
                let mut cells = vec![Value::text(enterprise.code.as_str()), Value::text(enterprise.name.as_str())];
                cells.extend(answer(draw, on));
                sheet.lines.push(Line::new(LineKind::Body, cells));
            }
        }
        Book { path: path.to_owned(), format: Format::Xlsx, sheets: vec![sheet] }
    };
    Some(vec![
        table(
            "服务机构/专利预评估.xlsx",
            "企业知识产权预评估汇总表",
            &["统一社会信用代码", "企业名称", "预评估价值（万元）", "评估专利件数", "评估基准日", "评估机构"],
            |draw, on| {
                let value = draw.between(6, 60) * 50;
                vec![Value::Integer(value), Value::Integer(draw.between(2, 9)), Value::Date(on), Value::text("某某资产评估有限公司")]
            },
        ),
        table(
            "服务机构/担保意见.xlsx",
            "担保意见汇总表",
            &["统一社会信用代码", "企业名称", "是否同意担保", "可担保金额（万元）", "反担保措施", "答复日期", "担保机构"],
            |draw, on| {
                let accepts = draw.chance(85);
                let amount = draw.between(6, 30) * 50;
                vec![
                    Value::text(if accepts { "是" } else { "否" }),
                    if accepts { Value::Integer(amount) } else { Value::Blank },
                    if accepts { Value::text("专利质押") } else { Value::Blank },
                    Value::Date(on),
                    Value::text("某某融资担保集团有限公司"),
                ]
            },
        ),
        table(
            "服务机构/法律尽调意见.xlsx",
            "法律尽职调查意见汇总表",
            &["统一社会信用代码", "企业名称", "有无法律障碍", "法律事项说明", "意见日期", "律师事务所"],
            |draw, on| {
                let (opinion, note) = match draw.below(20) {
                    0 => ("有障碍", "拟质押专利权属存在争议"),
                    1 | 2 => ("整改后无障碍", "须补充共有人同意质押的书面文件"),
                    _ => ("无障碍", ""),
                };
                let note = if note.is_empty() { Value::Blank } else { Value::text(note) };
                vec![Value::text(opinion), note, Value::Date(on), Value::text("某某律师事务所")]
            },
        ),
        table(
            "服务机构/评级意见.xlsx",
            "影子评级结果汇总表",
            &["统一社会信用代码", "企业名称", "信用等级", "评级日期", "评级机构"],
            |draw, on| {
                let rating = *draw.pick(&["A", "A-", "A-", "BBB+", "BBB+", "BBB", "BBB", "BBB-", "BBB-", "BB+"]);
                vec![Value::text(rating), Value::Date(on), Value::text("某某信用评级有限公司")]
            },
        ),
    ])
}

fn is_asked(enterprise: &Enterprise) -> bool {
    let title = enterprise.award.map(|award| award.title);
    enterprise.purpose != Purpose::Namesake && matches!(title, Some(Title::Specialized | Title::LittleGiant))
}

fn kind_of(heading: &str) -> ColumnKind {
    match heading {
        _ if heading.ends_with("日") || heading.ends_with("日期") => ColumnKind::Date,
        "是否同意担保" | "有无法律障碍" | "信用等级" => ColumnKind::Center,
        _ if heading.contains("万元") || heading.ends_with("件数") => ColumnKind::Amount,
        _ => ColumnKind::Text,
    }
}

fn width(heading: &str) -> u32 {
    match heading {
        "企业名称" | "法律事项说明" => 36,
        "统一社会信用代码" => 21,
        _ => 16,
    }
}
