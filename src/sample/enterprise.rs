//! The enterprises of the sample.
//!
//! Owns: names, codes, addresses, titles and size of each invented enterprise. Takes: the vocabulary and a stream.
//! Gives: [`Enterprise`]s and a [`Roster`] that hands them out for faults, each once.
//! Invariants: names and former names are unique, except for namesakes, which are made on purpose; a fault that needs
//! a special enterprise (a code of digits, letters in the name) finds one.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::codes::Codes;
use super::draw::Draw;
use super::words::{Shared, Words};

/// The first year of the returns.
pub(super) const FIRST_YEAR: i32 = 2023;
/// The last year of the returns.
pub(super) const LAST_YEAR: i32 = 2025;

/// A title of the 优质中小企业 ladder, the lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Title {
    Innovative,
    Specialized,
    LittleGiant,
}

/// A title with its term.
#[derive(Debug, Clone, Copy)]
pub(super) struct Award {
    pub(super) title: Title,
    pub(super) from: NaiveDate,
    pub(super) until: NaiveDate,
}

/// What an enterprise was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Nothing special.
    Plain,
    /// Its code has digits only.
    DigitCode,
    /// Its name has Latin letters.
    LatinName,
    /// Its name answers to that of another; it gets no other fault and no other patents.
    Namesake,
}

/// One invented enterprise.
#[derive(Debug, Clone)]
pub(super) struct Enterprise {
    pub(super) code: String,
    pub(super) name: String,
    /// The name before, and the day it ended.
    pub(super) former: Option<(String, NaiveDate)>,
    pub(super) address: String,
    pub(super) town: String,
    /// Index into the vocabulary's industries.
    pub(super) industry: usize,
    pub(super) award: Option<Award>,
    /// First year above scale; none for those that never report.
    pub(super) reports_from: Option<i32>,
    pub(super) purpose: Purpose,
}

/// The enterprises, and the owner names to which two of them answer.
pub(super) struct City {
    pub(super) enterprises: Vec<Enterprise>,
    pub(super) ambiguous: Vec<String>,
    /// Enterprises that no directory lists: they appear in returns and as owners only.
    pub(super) unlisted: Vec<Enterprise>,
}

/// How many enterprises stay out of the directory.
const UNLISTED: usize = 6;
/// The enterprise with a rare character in its name; it holds a title and asks for finance.
const RARE: usize = 20;
/// An index whose enterprise has nothing special and no title.
const ORDINARY: usize = 99;

/// Invents the enterprises.
pub(super) fn invent(words: &Words, codes: &mut Codes, draw: &mut Draw, count: usize) -> City {
    let mut maker = Maker { words, codes, draw, taken: BTreeSet::new() };
    let mut city =
        City { enterprises: (0..count).map(|index| maker.enterprise(index)).collect(), ambiguous: Vec::new(), unlisted: Vec::new() };
    for _ in 0..UNLISTED {
        let town = words.zone.clone();
        let former = None;
        city.unlisted.push(Enterprise { town, former, ..maker.enterprise(ORDINARY) });
    }
    maker.namesakes(&mut city);
    maker.draw.shuffle(&mut city.enterprises);
    city
}

struct Maker<'a> {
    words: &'a Words,
    codes: &'a mut Codes,
    draw: &'a mut Draw,
    taken: BTreeSet<String>,
}

impl Maker<'_> {
    fn enterprise(&mut self, index: usize) -> Enterprise {
        let purpose = match index {
            0..6 => Purpose::Namesake,
            6..9 => Purpose::DigitCode,
            9..12 => Purpose::LatinName,
            _ => Purpose::Plain,
        };
        let industry = self.draw.weighted(self.words.industry.iter().map(|i| i.share));
        let neighbor = (purpose == Purpose::Plain && self.draw.chance(5)).then(|| self.draw.index(self.words.neighbors.len()));
        let authority = match neighbor {
            Some(index) => self.words.neighbors[index].code.clone(),
            None if self.draw.chance(55) => "360783".to_owned(),
            None => "360727".to_owned(),
        };
        let code = match purpose {
            Purpose::DigitCode => self.codes.digits_only(self.draw, &authority),
            _ => self.codes.enterprise(self.draw, &authority),
        };
        let region = match neighbor {
            Some(index) => self.words.neighbors[index].word.clone(),
            None => self.shared_word(&self.words.regions),
        };
        let trade = self.trade(index, purpose);
        let name = self.name(&region, &trade, industry);
        let former = self.former(&name, &region, &trade, industry, purpose);
        let town = self.town();
        let road = self.draw.pick(&self.words.roads).clone();
        let number = self.draw.between(1, 288);
        Enterprise {
            code,
            name,
            former,
            address: format!("江西省赣州市龙南市{town}{road}{number}号"),
            award: self.award(index),
            reports_from: self.reports_from(index),
            town,
            industry,
            purpose,
        }
    }

    /// Draws a trade name that no other enterprise has.
    fn trade(&mut self, index: usize, purpose: Purpose) -> String {
        loop {
            let mut trade = if purpose == Purpose::LatinName {
                self.draw.pick(&self.words.trade_latin).clone()
            } else if index == RARE {
                self.words.rare.clone() + &self.symbol(&self.words.trade_second)
            } else {
                self.symbol(&self.words.trade_first) + &self.symbol(&self.words.trade_second)
            };
            if purpose != Purpose::LatinName && self.draw.chance(20) {
                trade.push_str(&self.symbol(&self.words.trade_second));
            }
            if self.taken.insert(trade.clone()) {
                return trade;
            }
        }
    }

    fn symbol(&mut self, symbols: &str) -> String {
        let symbols: Vec<char> = symbols.chars().collect();
        self.draw.pick(&symbols).to_string()
    }

    fn name(&mut self, region: &str, trade: &str, industry: usize) -> String {
        let line = self.draw.pick(&self.words.industry[industry].words).clone();
        let form = self.shared_word(&self.words.forms);
        if region == "龙南" && self.draw.chance(25) {
            format!("{trade}{line}（{region}）{form}")
        } else {
            format!("{region}{trade}{line}{form}")
        }
    }

    /// One in ten was renamed: with the county's becoming a city, or for a new trade name.
    fn former(&mut self, name: &str, region: &str, trade: &str, industry: usize, purpose: Purpose) -> Option<(String, NaiveDate)> {
        if purpose != Purpose::Plain || !self.draw.chance(11) {
            return None;
        }
        let ended = self.draw.day(day(2020, 7, 1)?, day(2023, 6, 30)?);
        let former = if region == "龙南市" {
            name.replacen("龙南市", "龙南县", 1)
        } else {
            let older = self.trade(usize::MAX, Purpose::Plain);
            let line = &self.words.industry[industry].words;
            let line = self.draw.pick(line).clone();
            let kept = name.replacen(trade, &older, 1);
            if self.draw.chance(50) { kept } else { format!("{region}{older}{line}有限公司") }
        };
        Some((former, ended))
    }

    fn town(&mut self) -> String {
        match self.draw.below(100) {
            0..64 => self.words.zone.clone(),
            64..74 => self.words.town_apart.clone(),
            _ => self.draw.pick(&self.words.towns).clone(),
        }
    }

    /// Titles run three years; the shares are those of a small industrial city.
    fn award(&mut self, index: usize) -> Option<Award> {
        let title = match index % 100 {
            13..16 => Title::LittleGiant,
            16..38 => Title::Specialized,
            38..58 => Title::Innovative,
            _ => return None,
        };
        let (year, month, date) =
            *self.draw.pick(&[(2022, 12, 20), (2023, 8, 15), (2024, 7, 10), (2024, 11, 20), (2025, 8, 18), (2025, 11, 28)]);
        let from = day(year, month, date)?;
        let until = day(year + 3, month, date)?.pred_opt()?;
        Some(Award { title, from, until })
    }

    /// Six in ten are above scale; holders of titles nearly always are.
    fn reports_from(&mut self, index: usize) -> Option<i32> {
        match index % 100 {
            13..38 => Some(FIRST_YEAR),
            38..44 => Some(LAST_YEAR),
            44..48 => Some(FIRST_YEAR + 1),
            48..84 => Some(FIRST_YEAR),
            _ => None,
        }
    }

    fn shared_word(&mut self, words: &[Shared]) -> String {
        let index = self.draw.weighted(words.iter().map(|item| item.share));
        words[index].word.clone()
    }

    /// Makes three pairs: twice the former name of one is the name of another, once two names differ only in the region.
    fn namesakes(&mut self, city: &mut City) {
        let [a, b, c, d, e, f, ..] = city.enterprises.as_mut_slice() else {
            return;
        };
        for (older, newer) in [(a, b), (c, d)] {
            older.former = day(2021, 9, 30).map(|ended| (newer.name.clone(), ended));
            city.ambiguous.push(newer.name.clone());
        }
        let trade = self.trade(usize::MAX, Purpose::Plain);
        let tail = format!("{trade}电子科技有限公司");
        e.name = format!("龙南{tail}");
        f.name = format!("江西{tail}");
        city.ambiguous.push(tail);
    }
}

/// Gives a day of the calendar.
pub(super) fn day(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day)
}

/// Hands out enterprises for faults, each once over all files.
pub(super) struct Roster {
    free: Vec<usize>,
}

impl Roster {
    /// Starts with all but the namesakes, in random order.
    pub(super) fn new(enterprises: &[Enterprise], draw: &mut Draw) -> Self {
        let mut free: Vec<usize> = (0..enterprises.len()).filter(|&index| enterprises[index].purpose != Purpose::Namesake).collect();
        draw.shuffle(&mut free);
        Self { free }
    }

    /// Takes up to `count` enterprises that fit.
    pub(super) fn take(&mut self, count: usize, fits: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut taken = Vec::new();
        self.free.retain(|&index| {
            let take = taken.len() < count && fits(index);
            if take {
                taken.push(index);
            }
            !take
        });
        taken
    }
}
