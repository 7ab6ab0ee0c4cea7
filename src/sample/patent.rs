//! The patents of the sample.
//!
//! Owns: how numbers, titles, days, legal states and owners of invented patents come about. Takes: the enterprises.
//! Gives: [`Patent`]s as the market regulation bureau knows them, sound throughout.
//! Invariants: the year of a number is the year of filing; a patent called in force is granted and within its term
//! (20 years, 10 or 15, and 10 for designs filed to 2021-05-31) on the day of judgment.

use crate::model::patent_number::PatentKind as Kind;
use chrono::{Datelike, Days, NaiveDate};

use super::codes::Codes;
use super::draw::Draw;
use super::enterprise::{City, Enterprise, Purpose, Title, day};
use super::words::{Industry, Words};

/// The digit of a kind in application and publication numbers.
pub(super) fn digit(kind: Kind) -> u8 {
    kind as u8 + 1
}

/// One invented patent.
#[derive(Debug, Clone)]
pub(super) struct Patent {
    /// Full application number with its check, `202210123456.7`.
    pub(super) number: String,
    pub(super) kind: Kind,
    pub(super) title: String,
    pub(super) filed: NaiveDate,
    pub(super) granted: Option<NaiveDate>,
    pub(super) status: String,
    pub(super) in_force: bool,
    /// Owners as written, without separators.
    pub(super) owners: Vec<String>,
    /// Code of the only owner, if it is in the directory.
    pub(super) code: Option<String>,
    pub(super) pledge: String,
}

/// Makes patents one at a time.
pub(super) struct Inventor<'a> {
    pub(super) words: &'a Words,
    pub(super) city: &'a City,
    pub(super) codes: &'a mut Codes,
    pub(super) draw: &'a mut Draw,
    weights: Vec<u64>,
}

/// What becomes of a patent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    InForce,
    LateFee,
    Restorable,
    Unpaid,
    GivenUp,
    Expired,
    Pending,
}

impl<'a> Inventor<'a> {
    /// Decides who invents how much: few hold many, holders of titles the most.
    pub(super) fn new(words: &'a Words, city: &'a City, codes: &'a mut Codes, draw: &'a mut Draw) -> Self {
        let mut weights = Vec::with_capacity(city.enterprises.len());
        for enterprise in &city.enterprises {
            let base = match enterprise.award.map(|award| award.title) {
                Some(Title::LittleGiant) => 60,
                Some(Title::Specialized) => 26,
                Some(Title::Innovative) => 10,
                None if enterprise.reports_from.is_some() => 3,
                None => 1,
            };
            let owns = enterprise.purpose != Purpose::Namesake && (enterprise.award.is_some() || draw.chance(55));
            weights.push(if owns { base * (1 + draw.below(4)) } else { 0 });
        }
        Self { words, city, codes, draw, weights }
    }

    /// Invents a sound patent of an enterprise, or now and then of an outsider.
    pub(super) fn patent(&mut self) -> Option<Patent> {
        let city = self.city;
        let owner = &city.enterprises[self.draw.weighted(self.weights.iter().copied())];
        let kind = match self.draw.below(1000) {
            0..190 => Kind::Invention,
            190..850 => Kind::UtilityModel,
            _ => Kind::Design,
        };
        let fate = self.fate(kind);
        let (filed, granted) = self.days(kind, fate)?;
        let outsider = self.draw.chance(5);
        let (owners, code) = if outsider { (vec![self.outsider(owner)], None) } else { self.owners(owner, granted.unwrap_or(filed)) };
        let status = self.status(fate);
        let live = matches!(fate, Fate::InForce);
        Some(Patent {
            number: self.codes.application(self.draw, filed.year(), digit(kind)),
            kind,
            title: self.title(kind, owner.industry),
            filed,
            granted,
            status,
            in_force: live,
            owners,
            code,
            pledge: self.pledge(live),
        })
    }

    /// Invents a utility model in force with one owner, filed in those years, to stand for a fault.
    pub(super) fn plain(&mut self, owner: &str, years: (i32, i32)) -> Option<Patent> {
        let filed = self.draw.day(day(years.0, 1, 1)?, day(years.1, 12, 31)?);
        let industry = self.draw.index(self.words.industry.len());
        Some(Patent {
            number: self.codes.application(self.draw, filed.year(), digit(Kind::UtilityModel)),
            kind: Kind::UtilityModel,
            title: self.title(Kind::UtilityModel, industry),
            filed,
            granted: filed.checked_add_days(Days::new(150 + self.draw.below(150))),
            status: self.status(Fate::InForce),
            in_force: true,
            owners: vec![owner.to_owned()],
            code: None,
            pledge: "无".into(),
        })
    }

    fn fate(&mut self, kind: Kind) -> Fate {
        let fates = match kind {
            Kind::Invention => [800, 15, 10, 65, 10, 0, 100],
            Kind::UtilityModel => [715, 20, 10, 180, 15, 60, 0],
            Kind::Design => [740, 20, 10, 170, 10, 50, 0],
        };
        match self.draw.weighted(fates.into_iter()) {
            0 => Fate::InForce,
            1 => Fate::LateFee,
            2 => Fate::Restorable,
            3 => Fate::Unpaid,
            4 => Fate::GivenUp,
            5 => Fate::Expired,
            _ => Fate::Pending,
        }
    }

    /// Draws the days of filing and grant; every grant lies before the list was made.
    fn days(&mut self, kind: Kind, fate: Fate) -> Option<(NaiveDate, Option<NaiveDate>)> {
        let (first, last) = match (kind, fate) {
            (_, Fate::Pending) => (day(2024, 3, 1)?, day(2026, 2, 27)?),
            (_, Fate::Expired) => (day(2012, 1, 1)?, day(2016, 3, 31)?),
            (Kind::Invention, Fate::InForce | Fate::LateFee) => (day(2012, 1, 1)?, day(2023, 1, 31)?),
            (Kind::Invention, _) => (day(2011, 1, 1)?, day(2020, 12, 31)?),
            (_, Fate::InForce | Fate::LateFee) => (day(2017, 1, 1)?, day(2025, 6, 30)?),
            _ => (day(2016, 8, 1)?, day(2022, 12, 31)?),
        };
        let filed = self.draw.day(first, last);
        let wait = match kind {
            Kind::Invention => self.draw.between(420, 1180),
            Kind::UtilityModel => self.draw.between(130, 320),
            Kind::Design => self.draw.between(90, 230),
        };
        let granted = filed.checked_add_days(Days::new(wait.unsigned_abs()));
        Some((filed, granted.filter(|_| fate != Fate::Pending)))
    }

    fn status(&mut self, fate: Fate) -> String {
        let status = &self.words.status;
        let list = match fate {
            Fate::InForce => &status.in_force,
            Fate::LateFee => &status.late_fee,
            Fate::Restorable => &status.restorable,
            Fate::Unpaid => &status.unpaid,
            Fate::GivenUp => &status.given_up,
            Fate::Expired => &status.expired,
            Fate::Pending => &status.pending,
        };
        self.draw.pick(list).clone()
    }

    /// Names the owner as on the day of grant, at times with a co-owner.
    fn owners(&mut self, owner: &Enterprise, on: NaiveDate) -> (Vec<String>, Option<String>) {
        let former = owner.former.as_ref().filter(|(_, ended)| on < *ended);
        let name = match former {
            Some((former, _)) if self.draw.chance(70) => former.clone(),
            _ => owner.name.clone(),
        };
        if self.draw.chance(6) {
            let partner = if self.draw.chance(60) { self.draw.pick(&self.words.universities).clone() } else { self.partner(owner) };
            return (vec![name, partner], None);
        }
        let code = self.draw.chance(50).then(|| owner.code.clone());
        let name = if self.draw.chance(4) { name.replace('（', "(").replace('）', ")") } else { name };
        (vec![name], code)
    }

    fn partner(&mut self, owner: &Enterprise) -> String {
        let city = self.city;
        let other = &city.enterprises[self.draw.weighted(self.weights.iter().copied())];
        if other.code == owner.code {
            return self.words.universities[0].clone();
        }
        other.name.clone()
    }

    fn outsider(&mut self, like: &Enterprise) -> String {
        if self.draw.chance(45) {
            return self.draw.pick(&self.words.universities).clone();
        }
        let region = self.draw.pick(&self.words.outsider_regions);
        let line = self.draw.pick(&self.words.industry[like.industry].words);
        let symbols: Vec<char> = self.words.trade_second.chars().collect();
        let (first, second) = (self.draw.pick(&symbols), self.draw.pick(&symbols));
        format!("{region}{first}{second}某{line}有限公司")
    }

    fn title(&mut self, kind: Kind, industry: usize) -> String {
        let Industry { things, actions, shapes, .. } = &self.words.industry[industry];
        let thing = self.draw.pick(things);
        let action = self.draw.pick(actions);
        let quality = *self.draw.pick(&["", "", "高效", "自动", "便于维护的", "节能型"]);
        match kind {
            Kind::Invention => match self.draw.below(3) {
                0 => format!("一种{thing}的{action}方法"),
                1 => format!("{thing}{action}工艺及其系统"),
                _ => format!("一种{quality}{thing}{action}设备及控制方法"),
            },
            Kind::UtilityModel => {
                let device = *self.draw.pick(&["装置", "设备", "机构", "夹具", "治具"]);
                format!("一种{quality}{thing}{action}{device}")
            }
            Kind::Design => {
                let shape = self.draw.pick(shapes);
                format!("{shape}（{}）", self.draw.between(1, 36))
            }
        }
    }

    fn pledge(&mut self, live: bool) -> String {
        match self.draw.below(100) {
            0..3 if live => self.draw.pick(&self.words.pledged).clone(),
            3..5 if live => self.draw.pick(&self.words.released).clone(),
            5..40 => String::new(),
            _ => "无".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::enterprise::invent;
    use super::*;
    use crate::model::patent_number::{last_day, parse};

    #[test]
    fn patents_are_sound_on_the_day_of_judgment() {
        let words = Words::load().expect("the vocabulary");
        let mut codes = Codes::default();
        let city = invent(&words, &mut codes, &mut Draw::new(21, 1), 300);
        let mut draw = Draw::new(21, 2);
        let mut inventor = Inventor::new(&words, &city, &mut codes, &mut draw);
        let judged = day(2026, 6, 30).expect("a day");
        let expired = &words.status.expired;
        for _ in 0..3000 {
            let patent = inventor.patent().expect("a patent");
            let number = parse(&patent.number).expect("a valid number");
            assert_eq!(i32::from(number.year), patent.filed.year());
            assert_eq!(number.kind, patent.kind);
            let last = last_day(patent.kind, patent.filed).expect("a last day");
            assert!(!patent.in_force || (last > judged && patent.granted.is_some()));
            assert!(!expired.contains(&patent.status) || last < judged);
            assert!(patent.granted.is_none_or(|day| patent.filed < day && day < judged));
            assert!(patent.code.is_none() || patent.owners.len() == 1);
        }
    }
}
