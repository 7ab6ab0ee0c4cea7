//! What an error of the engine says of an expression, as data: its own words are for nobody who writes conditions.

use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;

/// Characters shown of where reading ended.
const SHOWN: usize = 20;

/// What is wrong with an expression, as far as the engine tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Complaint {
    /// Nothing stands there.
    Empty,
    /// It ends before it is whole.
    Unfinished,
    /// It cannot be read from here on.
    Unreadable(String),
    /// A quotation mark that opens here is never closed.
    Unclosed(String),
    /// Brackets within brackets, too deep.
    TooDeep,
    /// A sign, or NOT, before a value that takes none.
    Sign,
    /// A notation that the engine does not have.
    Notation,
    /// Constants that divide by zero.
    ByZero,
    /// Constants beyond what numbers can hold.
    TooLarge,
    /// Constants that are no value of the type they are made.
    NoValue,
    /// Something else.
    Other,
}

impl Complaint {
    /// Takes an error of an expression apart.
    pub fn read(sql: &str, error: &DataFusionError) -> Self {
        if sql.trim().is_empty() {
            return Self::Empty;
        }
        match error.find_root() {
            DataFusionError::SQL(error, _) => Self::syntax(sql, error),
            DataFusionError::NotImplemented(_) => Self::Notation,
            DataFusionError::Plan(text) if text.starts_with("Unary operator") => Self::Sign,
            DataFusionError::Plan(text) if text.contains("nsupported") => Self::Notation,
            DataFusionError::ArrowError(error, _) => match error.as_ref() {
                ArrowError::DivideByZero => Self::ByZero,
                ArrowError::ArithmeticOverflow(_) => Self::TooLarge,
                ArrowError::CastError(_) | ArrowError::ParseError(_) => Self::NoValue,
                ArrowError::InvalidArgumentError(text) if text.contains("too large") => Self::TooLarge,
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }

    fn syntax(sql: &str, error: &ParserError) -> Self {
        let (ParserError::TokenizerError(text) | ParserError::ParserError(text)) = error else { return Self::TooDeep };
        let from = place(text).map_or_else(String::new, |(line, column)| from(sql, line, column));
        // Without a place it is what stands behind a whole expression.
        let found = text.rsplit_once("found: ").map(|(_, found)| found.split(" at Line:").next().unwrap_or(found));
        match found {
            _ if text.starts_with("Unterminated") => Self::Unclosed(from),
            Some("EOF") => Self::Unfinished,
            Some(found) if from.is_empty() => Self::Unreadable(found.chars().take(SHOWN).collect()),
            _ if from.is_empty() => Self::Other,
            _ => Self::Unreadable(from),
        }
    }
}

/// The line and the column, counted from 1, that a sentence of the parser ends with.
fn place(text: &str) -> Option<(usize, usize)> {
    let (_, place) = text.rsplit_once("Line: ")?;
    let (line, column) = place.split_once(", Column: ")?;
    let digits: String = column.chars().take_while(char::is_ascii_digit).collect();
    Some((line.parse().ok()?, digits.parse().ok()?))
}

/// What stands at a place, up to the end of its line.
fn from(sql: &str, line: usize, column: usize) -> String {
    let line = sql.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    line.chars().skip(column.saturating_sub(1)).take(SHOWN).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::Expression;
    use super::*;

    #[test]
    fn what_the_parser_says_is_taken_apart() {
        let read = |sql: &str| Complaint::read(sql, &Expression::parse(sql).expect_err("no expression"));
        let unreadable = |from: &str| Complaint::Unreadable(from.to_owned());
        for (sql, want) in [
            ("", Complaint::Empty),
            ("  ", Complaint::Empty),
            ("a > (b + ", Complaint::Unfinished),
            ("a > 5 )", unreadable(")")),
            ("revenue + (> 3", unreadable("> 3")),
            ("a >\n 5 ；名称", unreadable("；名称")),
            ("a > 0; SELECT 1", unreadable("; SELECT 1")),
            ("a > 0 AS b", unreadable("b")),
            ("name = 'a", Complaint::Unclosed("'a".to_owned())),
        ] {
            assert_eq!(read(sql), want, "{sql}");
        }
        assert_eq!(read(&format!("{}1{}", "(".repeat(500), ")".repeat(500))), Complaint::TooDeep);
    }
}
