//! The workbooks of a run, written side by side.

use super::desk::{Desk, Edition};
use super::gathered::Gathered;
use super::workbook::{Book, BookProperties, BookReport, WorkbookError};
use super::{Publication, pool, quality};
use crate::config::Workbook;
use crate::error::Error;
use chrono::NaiveTime;
use std::path::Path;

impl Workbook {
    /// The name of its file; the same in every language, so that links to it hold.
    pub fn file_name(self) -> &'static str {
        match self {
            Workbook::Pool => "备选池.xlsx",
            Workbook::PoolOperator => "备选池_运营版.xlsx",
            Workbook::Quality => "数据质量报告.xlsx",
        }
    }

    fn edition(self) -> Edition {
        match self {
            Workbook::PoolOperator => Edition::Operator,
            Workbook::Pool | Workbook::Quality => Edition::Closed,
        }
    }
}

/// Writes the workbooks that the configuration asks for, one thread each.
pub fn write(p: &Publication<'_>, gathered: &Gathered<'_>, folder: &Path) -> Result<Vec<(&'static str, BookReport)>, Error> {
    let mut wanted: Vec<Workbook> = Vec::new();
    for workbook in &p.config.output.workbooks {
        if !wanted.contains(workbook) {
            wanted.push(*workbook);
        }
    }
    std::thread::scope(|scope| {
        let writers: Vec<_> = wanted.iter().map(|workbook| scope.spawn(|| write_one(p, gathered, *workbook, folder))).collect();
        // All are waited for: a panic that nobody takes would be ours.
        let ended: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        let reports = ended.into_iter().zip(&wanted).map(|(ended, workbook)| match ended {
            Ok(report) => Ok((workbook.file_name(), report?)),
            // The library panics where its temporary files cannot be written.
            Err(panic) => match Error::of_panic(panic.as_ref()) {
                Some(error) => Err(error),
                None => std::panic::resume_unwind(panic),
            },
        });
        reports.collect()
    })
}

fn write_one(p: &Publication<'_>, gathered: &Gathered<'_>, workbook: Workbook, folder: &Path) -> Result<BookReport, Error> {
    let desk = Desk::new(p, gathered, workbook.edition());
    let title = match workbook {
        Workbook::Quality => desk.say("quality_title").to_owned(),
        _ => desk.tell("book_title", &[desk.say("title"), desk.say(&format!("edition_{}_short", desk.edition.id()))]),
    };
    let properties = BookProperties {
        title,
        subject: desk.as_of(),
        author: desk.say("author").to_owned(),
        created: p.config.as_of.and_time(NaiveTime::MIN),
        sheet_rows: p.config.output.sheet_rows,
        lang: p.config.run.lang,
    };
    let mut book = Book::create(&folder.join(workbook.file_name()), properties)?;
    match workbook {
        Workbook::Pool | Workbook::PoolOperator => pool::write(&mut book, &desk)?,
        Workbook::Quality => quality::write(&mut book, &desk)?,
    }
    Ok(book.finish()?)
}

impl From<WorkbookError> for Error {
    fn from(source: WorkbookError) -> Self {
        match source {
            WorkbookError::Io(error) => error.into(),
            other => Error::bug(other),
        }
    }
}
