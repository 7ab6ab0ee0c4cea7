//! What is wrong with a condition, in the words of the catalogue.

use crate::engine::expression::{Complaint, Kind};

/// A kind of values, in the words of the catalogue.
pub fn said(kind: Option<Kind>) -> String {
    let word = match kind {
        None => "null",
        Some(Kind::Number) => "number",
        Some(Kind::Text) => "text",
        Some(Kind::Date) => "date",
        Some(Kind::Flag) => "flag",
        Some(Kind::Span) => "span",
        Some(Kind::List) => "list",
    };
    format!("@value_kind.{word}")
}

/// What to write where two kinds meet, in the words of the catalogue.
pub fn instead(one: Kind, other: Kind) -> &'static str {
    match (one, other) {
        (Kind::Flag, _) | (_, Kind::Flag) => "flag",
        (Kind::Span, _) | (_, Kind::Span) => "span",
        (Kind::Text, Kind::Number) | (Kind::Number, Kind::Text) => "text_number",
        (Kind::Text, Kind::Date) | (Kind::Date, Kind::Text) => "text_date",
        (Kind::Number, Kind::Date) | (Kind::Date, Kind::Number) => "number_date",
        _ => "other",
    }
}

/// What is wrong with a condition, in the words of the catalogue.
pub fn reason(complaint: &Complaint) -> String {
    let about = |word: &str, text: &str| format!("@condition.{word}|{}", text.replace('|', "∣"));
    match complaint {
        Complaint::Empty => "@condition.empty".into(),
        Complaint::Unfinished => "@condition.unfinished".into(),
        Complaint::Unreadable(from) => about("unreadable", from),
        Complaint::Unclosed(from) => about("unclosed", from),
        Complaint::TooDeep => "@condition.too_deep".into(),
        Complaint::Sign => "@condition.sign".into(),
        Complaint::Notation => "@condition.notation".into(),
        Complaint::ByZero => "@condition.by_zero".into(),
        Complaint::TooLarge => "@condition.too_large".into(),
        Complaint::NoValue => "@condition.no_value".into(),
        Complaint::Other => "@condition.other".into(),
    }
}
