//! What is due, received and overdue, by bureau, form and period.
//!
//! A form of a year that is due in a year is for the year before. A standing list counts as received if it came after
//! the due date before; sent again it came again, changed or not.

use super::actor::Actor;
use super::books::Books;
use super::error::PortalError;
use super::text::shown;
use super::uploads::Standings;
use crate::config::{SourceOptions, month_day};
use crate::ledger::{Arrival, Ledger, LedgerError, Upload, UploadPart, Verdict};
use crate::model::field::PeriodKind;
use crate::model::role::{Right, Role};
use crate::stages::publish::disclosure::sends_statistics;
use chrono::{Datelike, NaiveDate};
use serde::Serialize;

/// How a form that is due stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Standing)]
pub enum DueStanding {
    /// It is there.
    Received,
    /// It is there, and something in it is to be corrected or explained.
    NeedsCorrection,
    /// There is still time.
    Due,
    /// There is none.
    Overdue,
}

impl DueStanding {
    /// The word in the API and of the mark's look.
    pub fn id(self) -> &'static str {
        match self {
            DueStanding::Received => "received",
            DueStanding::NeedsCorrection => "needs_correction",
            DueStanding::Due => "due",
            DueStanding::Overdue => "overdue",
        }
    }
}

/// A form that a bureau owes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Due)]
pub struct DueReturn {
    /// The bureau.
    pub bureau: String,
    /// The form's title.
    pub title: String,
    /// The year that it is for; a standing list has none.
    pub period: Option<i32>,
    /// The day on which it is due, `2026-03-31`.
    pub due: String,
    /// How it stands.
    pub standing: DueStanding,
    /// Days until it is due, or since.
    pub days: i64,
    /// When it came first.
    pub received: Option<String>,
    /// Whether that was too late.
    pub late: bool,
    /// Number of the newest receipt, if it was uploaded.
    pub number: Option<i64>,
    /// Id of that upload, for those who may see it.
    pub id: Option<String>,
}

/// The calendar of a year.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Calendar {
    /// The year in which forms are due.
    pub year: i32,
    /// The years that can be shown.
    pub years: Vec<i32>,
    /// What is due, by due date.
    pub entries: Vec<DueReturn>,
}

/// Everything that came.
struct Came {
    /// Uploads with those of their parts whose place another took.
    uploads: Vec<(Upload, Vec<UploadPart>)>,
    arrivals: Vec<Arrival>,
}

impl Came {
    fn read(ledger: &Ledger) -> Result<Self, LedgerError> {
        let standings = Standings::read(ledger, None)?;
        let replaced = |u: &Upload| u.tally.parts.iter().filter(|p| standings.is_replaced(u, p)).cloned().collect();
        let uploads = ledger.standing_uploads()?.into_iter().map(|u| (replaced(&u), u)).map(|(replaced, u)| (u, replaced)).collect();
        Ok(Self { uploads, arrivals: ledger.arrivals()? })
    }
}

/// The calendar as far as the actor may see it; a year that is not shown gives this year.
pub async fn calendar(books: &Books, actor: &Actor, year: Option<i32>) -> Result<Calendar, PortalError> {
    let today = books.clock.now().date_naive();
    let years: Vec<i32> = (today.year() - 2..=today.year() + 1).rev().collect();
    let year = year.filter(|y| years.contains(y)).unwrap_or(today.year());
    let came = books.read(Came::read).await?;
    let mut entries = Vec::new();
    let shown = |id: &str| actor.role != Role::Clerk || actor.source.as_deref() == Some(id);
    for (id, source) in books.config.source.iter().filter(|(id, s)| !s.disabled && shown(id)) {
        for form in &source.forms {
            let Some(due) = due_in(source, form, year) else { continue };
            let of_year = books.config.form.get(form).is_some_and(|f| f.period == PeriodKind::Year);
            let owed = Owed { source: id, form, period: of_year.then_some(year - 1), due, before: due_in(source, form, year - 1), today };
            let title = books.config.form.get(form).map_or_else(|| form.clone(), |f| f.title.clone());
            let mut entry = owed.entry(&came, source.bureau.clone(), title);
            let own = actor.sees_source(id);
            entry.id = entry.id.filter(|_| own);
            // What is to be corrected in figures is no more told than the figures are.
            if entry.standing == DueStanding::NeedsCorrection && !own && !actor.may(Right::SeeClosed) && sends_statistics(&books.config, id)
            {
                entry.standing = DueStanding::Received;
            }
            entries.push(entry);
        }
    }
    entries.sort_by(|a: &DueReturn, b| a.due.cmp(&b.due));
    Ok(Calendar { year, years, entries })
}

/// The day of a year on which a source owes a form.
fn due_in(source: &SourceOptions, form: &str, year: i32) -> Option<NaiveDate> {
    let (month, day) = month_day(source.due.get(form)?)?;
    NaiveDate::from_ymd_opt(year, month, day)
}

/// A form that is owed.
struct Owed<'a> {
    source: &'a str,
    form: &'a str,
    period: Option<i32>,
    due: NaiveDate,
    /// The due date before, after which a standing list counts.
    before: Option<NaiveDate>,
    today: NaiveDate,
}

impl Owed<'_> {
    /// Whether something that came is what is owed.
    fn answers(&self, form: &str, period: Option<i32>, received: &str) -> bool {
        if form != self.form {
            return false;
        }
        match self.period {
            Some(_) => period == self.period,
            None => day(received).is_some_and(|d| d.year() <= self.due.year() && self.before.is_none_or(|before| d > before)),
        }
    }

    fn entry(&self, came: &Came, bureau: String, title: String) -> DueReturn {
        let answers = |u: &Upload, p: &UploadPart| u.source == self.source && self.answers(&p.form, p.period, &u.received);
        let sent = came.uploads.iter().filter(|(u, _)| u.tally.parts.iter().any(|p| answers(u, p)));
        let uploads: Vec<&Upload> = sent.map(|(u, _)| u).collect();
        // The worst of all that are not out of use.
        let wrong = |(u, replaced): &(Upload, Vec<UploadPart>)| {
            u.verdict == Some(Verdict::NeedsCorrection) && u.tally.parts.iter().any(|p| answers(u, p) && !replaced.contains(p))
        };
        let arrived = came.arrivals.iter().filter(|a| a.source == self.source && self.answers(&a.part.form, a.part.period, &a.received));
        let first = uploads.iter().map(|u| &u.received).chain(arrived.map(|a| &a.received)).min();
        let newest = uploads.last();
        let standing = match first {
            Some(_) if came.uploads.iter().any(wrong) => DueStanding::NeedsCorrection,
            Some(_) => DueStanding::Received,
            _ if self.today > self.due => DueStanding::Overdue,
            _ => DueStanding::Due,
        };
        DueReturn {
            bureau,
            title,
            period: self.period,
            due: self.due.to_string(),
            standing,
            days: (self.due - self.today).num_days().abs(),
            received: first.map(|r| shown(r)),
            late: first.and_then(|r| day(r)).is_some_and(|d| d > self.due),
            number: newest.map(|u| u.number),
            id: newest.map(|u| u.id.clone()),
        }
    }
}

/// The day of a moment of the ledger.
fn day(stamp: &str) -> Option<NaiveDate> {
    stamp.get(..10)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owed<'a>(form: &'a str, period: Option<i32>, today: &str) -> Owed<'a> {
        let date = |text: &str| text.parse().expect("a date");
        Owed { source: "s", form, period, due: date("2026-03-31"), before: Some(date("2025-03-31")), today: date(today) }
    }

    fn came(form: &str, period: Option<i32>, received: &str) -> Came {
        let part = UploadPart { form: form.into(), period, rows: 1 };
        Came { uploads: Vec::new(), arrivals: vec![Arrival { source: "s".into(), part, received: received.into() }] }
    }

    #[test]
    fn a_return_is_for_the_year_before_and_a_list_must_be_new() {
        let standing = |owed: Owed<'_>, came: &Came| {
            let entry = owed.entry(came, String::new(), String::new());
            (entry.standing, entry.late, entry.days)
        };
        let returns = came("returns", Some(2025), "2026-04-02T00:00:00+0800");
        assert_eq!(standing(owed("returns", Some(2025), "2026-04-10"), &returns), (DueStanding::Received, true, 10));
        assert_eq!(standing(owed("returns", Some(2024), "2026-04-10"), &returns), (DueStanding::Overdue, false, 10));
        assert_eq!(standing(owed("returns", Some(2024), "2026-03-31"), &returns), (DueStanding::Due, false, 0));
        let list = came("list", None, "2025-03-31T10:00:00+0800");
        assert_eq!(standing(owed("list", None, "2026-03-01"), &list), (DueStanding::Due, false, 30), "that was the year before's");
        let list = came("list", None, "2025-04-01T10:00:00+0800");
        assert_eq!(standing(owed("list", None, "2026-03-01"), &list), (DueStanding::Received, false, 30));
    }

    #[test]
    fn a_list_that_is_sent_again_has_come_again() {
        let sent = |number: i64, received: &str| Upload {
            number,
            id: number.to_string(),
            source: "s".into(),
            account: "a".into(),
            name: "名录.xlsx".into(),
            sha256: "same".into(),
            bytes: 1,
            received: received.into(),
            series: "1".into(),
            part: "名录".into(),
            version: 1,
            verdict: Some(Verdict::Accepted),
            checked: None,
            result: None,
            tally: crate::ledger::Tally {
                parts: vec![UploadPart { form: "list".into(), period: None, rows: 1 }],
                ..crate::ledger::Tally::default()
            },
        };
        let once = Came { uploads: vec![(sent(1, "2025-01-05T00:00:00+0800"), Vec::new())], arrivals: Vec::new() };
        let standing = |came: &Came| owed("list", None, "2026-04-10").entry(came, String::new(), String::new());
        assert_eq!(standing(&once).standing, DueStanding::Overdue);
        let again =
            Came { uploads: [once.uploads, vec![(sent(2, "2026-02-01T00:00:00+0800"), Vec::new())]].concat(), arrivals: Vec::new() };
        let entry = standing(&again);
        assert_eq!((entry.standing, entry.number, entry.late), (DueStanding::Received, Some(2), false));
        // Of two that stand beside each other the worse tells; of what is out of use nothing does.
        let mut both = again;
        both.uploads.push((sent(3, "2026-02-02T00:00:00+0800"), Vec::new()));
        both.uploads[1].0.verdict = Some(Verdict::NeedsCorrection);
        assert_eq!(standing(&both).standing, DueStanding::NeedsCorrection);
        both.uploads[1].1 = both.uploads[1].0.tally.parts.clone();
        assert_eq!(standing(&both).standing, DueStanding::Received);
    }
}
