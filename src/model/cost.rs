//! What an issue costs: the items of the plan's cost table (附件 2) for any scale, term and coupon.
//!
//! Takes: items with what they are charged on, stated rates and quoted amounts, and the terms of an issue. Gives: each item by its
//! rate and as quoted, where the two contradict each other, and what all of it comes to.
//! Invariants: amounts are decimals of a yuan and are rounded by nobody before they are shown; every figure is a range from low
//! to high; a quote holds for the scale and term it was made for, and for no other where the item has a rate.

use rust_decimal::Decimal;

/// Months of a year.
const YEAR: u32 = 12;

/// From the least to the most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Range {
    /// The least.
    pub low: Decimal,
    /// The most.
    pub high: Decimal,
}

impl Range {
    /// One figure, which is both.
    pub fn of(figure: Decimal) -> Self {
        Self { low: figure, high: figure }
    }

    fn map(self, on: impl Fn(Decimal) -> Decimal) -> Self {
        Self { low: on(self.low), high: on(self.high) }
    }

    fn times(self, other: Self) -> Self {
        Self { low: self.low * other.low, high: self.high * other.high }
    }

    fn plus(self, other: Self) -> Self {
        Self { low: self.low + other.low, high: self.high + other.high }
    }

    /// Whether another lies within it.
    pub fn holds(self, other: Self) -> bool {
        self.low <= other.low && other.high <= self.high
    }

    /// Whether both have a figure in common.
    pub fn meets(self, other: Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// What an item is charged on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// 协商: an amount that is agreed, whatever the scale.
    #[default]
    Quote,
    /// A share of what is issued, once.
    Once,
    /// A share of what is issued, each year.
    PerYear,
    /// A share of what is issued, each day of bridging (过桥).
    PerDay,
    /// A share of the interest.
    OfInterest,
    /// Each year no more than an amount.
    Cap,
}

impl Basis {
    /// Its word in settings and data files.
    pub fn id(self) -> &'static str {
        match self {
            Self::Quote => "quote",
            Self::Once => "once",
            Self::PerYear => "per_year",
            Self::PerDay => "per_day",
            Self::OfInterest => "of_interest",
            Self::Cap => "cap",
        }
    }

    /// Whether the item is a share of something.
    pub fn is_rate(self) -> bool {
        matches!(self, Self::Once | Self::PerYear | Self::PerDay | Self::OfInterest)
    }
}

/// To which of the plan's two sums an item belongs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// 担保费用
    Guarantee,
    /// 各服务机构费用
    #[default]
    Services,
}

impl Part {
    /// Both, as the plan lists them.
    pub const ALL: [Self; 2] = [Self::Guarantee, Self::Services];

    /// Its word in settings and data files.
    pub fn id(self) -> &'static str {
        match self {
            Self::Guarantee => "guarantee",
            Self::Services => "services",
        }
    }
}

/// Who pays which share of something.
pub type Payers = Vec<(String, Decimal)>;

/// An item of the cost table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its id in the settings.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// To which sum it belongs.
    pub part: Part,
    /// What it is charged on.
    pub basis: Basis,
    /// The stated rate, as a fraction; of a cap the most of a year, yuan.
    pub rate: Option<Range>,
    /// The quoted amount, yuan.
    pub quote: Option<Range>,
    /// Who pays it.
    pub payers: Payers,
}

/// The terms of an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// What is issued, yuan.
    pub scale: Decimal,
    /// For so many months.
    pub months: u32,
    /// The coupon of a year, as a fraction.
    pub coupon: Range,
    /// Days for which money is bridged.
    pub bridge_days: u32,
}

impl Terms {
    fn of_years(&self, amount: Decimal) -> Decimal {
        amount * Decimal::from(self.months) / Decimal::from(YEAR)
    }

    /// The interest to the end, where all is repaid at the end (到期一次还本).
    pub fn interest(&self) -> Range {
        self.coupon.map(|coupon| self.of_years(self.scale * coupon))
    }

    /// What of these terms an item is a share of.
    fn charged(&self, basis: Basis) -> Range {
        match basis {
            Basis::OfInterest => self.interest(),
            Basis::PerYear => Range::of(self.of_years(self.scale)),
            Basis::PerDay => Range::of(self.scale * Decimal::from(self.bridge_days)),
            Basis::Quote | Basis::Once | Basis::Cap => Range::of(self.scale),
        }
    }
}

/// All that an estimate is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Costs {
    /// The items, as they are listed.
    pub items: Vec<Item>,
    /// Who pays the interest.
    pub interest_payers: Payers,
    /// The terms for which the quotes were made.
    pub quoted: Terms,
}

/// An item at the terms of an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The item.
    pub item: Item,
    /// By its stated rate, or as quoted where it has none; yuan.
    pub stated: Range,
    /// As quoted; nothing where the quote was made for other terms.
    pub quoted: Option<Range>,
    /// How rate and quote contradict each other.
    pub clash: Option<Clash>,
}

/// A quote that its item's stated rate does not give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clash {
    /// What the rate gives at the terms of the quote, yuan.
    pub by_rate: Range,
    /// What was quoted, yuan.
    pub quote: Range,
    /// Whether the two have not one figure in common.
    pub apart: bool,
    /// The rate that the quote amounts to, as a fraction; nothing of a cap.
    pub implied: Option<Range>,
    /// Of a share of the interest, the coupon at which the rate would give the quote.
    pub coupon: Option<Range>,
}

/// What an issue costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// Its terms.
    pub terms: Terms,
    /// The terms for which quotes hold.
    pub quoted_terms: Terms,
    /// The items.
    pub lines: Vec<Line>,
    /// Who pays the interest.
    pub interest_payers: Payers,
}

/// What a reading of the items comes to; yuan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// Guarantee.
    pub guarantee: Range,
    /// Services.
    pub services: Range,
    /// Both.
    pub fees: Range,
    /// Both and the interest.
    pub all: Range,
    /// All of it for each yuan and year, as a fraction.
    pub rate: Range,
}

impl Costs {
    /// What an issue of some terms costs.
    pub fn estimate(&self, terms: Terms) -> Estimate {
        let lines = self.items.iter().map(|item| {
            let holds = terms.scale == self.quoted.scale && terms.months == self.quoted.months;
            Line {
                item: item.clone(),
                stated: item.stated(&terms),
                quoted: item.quote.filter(|_| holds || item.rate.is_none()),
                clash: item.clash(&self.quoted),
            }
        });
        Estimate { terms, quoted_terms: self.quoted, lines: lines.collect(), interest_payers: self.interest_payers.clone() }
    }
}

impl Item {
    /// What the item comes to by its rate; as quoted where it has none.
    fn stated(&self, terms: &Terms) -> Range {
        match (self.rate, self.basis) {
            (Some(cap), Basis::Cap) => {
                let years = Decimal::from(terms.months.div_ceil(YEAR));
                Range { low: self.quote.map_or(Decimal::ZERO, |quote| quote.low.min(cap.low)) * years, high: cap.high * years }
            }
            (Some(rate), _) => rate.times(terms.charged(self.basis)),
            (None, _) => self.quote.unwrap_or_default(),
        }
    }

    /// How the quote contradicts the rate, at the terms for which it was made.
    fn clash(&self, quoted: &Terms) -> Option<Clash> {
        let (rate, quote) = (self.rate?, self.quote?);
        let base = quoted.charged(self.basis);
        let by_rate = match self.basis {
            // Whatever is below a cap keeps to it.
            Basis::Cap => Range { low: Decimal::ZERO, high: self.stated(quoted).high },
            _ => rate.times(base),
        };
        if by_rate.holds(quote) {
            return None;
        }
        let implied = || Some(Range { low: quote.low.checked_div(base.high)?, high: quote.high.checked_div(base.low)? });
        let coupon = || {
            let year = quoted.of_years(quoted.scale);
            let at = |amount: Decimal, rate: Decimal| amount.checked_div(rate)?.checked_div(year);
            Some(Range { low: at(quote.low, rate.high)?, high: at(quote.high, rate.low)? })
        };
        Some(Clash {
            by_rate,
            quote,
            apart: !by_rate.meets(quote),
            implied: if self.basis.is_rate() { implied() } else { None },
            coupon: if self.basis == Basis::OfInterest { coupon() } else { None },
        })
    }
}

impl Estimate {
    /// What the items come to by their stated rates.
    pub fn stated(&self) -> Total {
        self.total(|line| line.stated)
    }

    /// What they come to as quoted; nothing where some quote was made for other terms.
    pub fn quoted(&self) -> Option<Total> {
        let whole = self.lines.iter().all(|line| line.quoted.is_some() || line.item.quote.is_none());
        whole.then(|| self.total(|line| line.quoted.unwrap_or(line.stated)))
    }

    fn total(&self, amount: impl Fn(&Line) -> Range) -> Total {
        let of = |part: Part| self.lines.iter().filter(|line| line.item.part == part).map(&amount).fold(Range::default(), Range::plus);
        let (guarantee, services) = (of(Part::Guarantee), of(Part::Services));
        let fees = guarantee.plus(services);
        let all = fees.plus(self.terms.interest());
        let lent = self.terms.of_years(self.terms.scale);
        let rate = all.map(|amount| amount.checked_div(lent).unwrap_or_default());
        Total { guarantee, services, fees, all, rate }
    }

    /// Who pays how much of fees and interest, by stated rates, in the order in which they are named; nobody (`None`) pays what no
    /// setting gives to anybody.
    pub fn payers(&self) -> Vec<(Option<String>, Range)> {
        let mut paid: Vec<(Option<String>, Range)> = Vec::new();
        let mut pay = |payer: Option<&str>, amount: Range| match paid.iter_mut().find(|(known, _)| known.as_deref() == payer) {
            Some((_, sum)) => *sum = sum.plus(amount),
            None => paid.push((payer.map(str::to_owned), amount)),
        };
        let fees = self.lines.iter().map(|line| (line.stated, &line.item.payers));
        let mut open = Range::default();
        for (amount, payers) in fees.chain([(self.terms.interest(), &self.interest_payers)]) {
            let mut rest = Decimal::ONE;
            for (payer, share) in payers {
                pay(Some(payer), amount.map(|amount| amount * share));
                rest -= share;
            }
            open = open.plus(amount.map(|amount| amount * rest));
        }
        if open != Range::default() {
            pay(None, open);
        }
        paid
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(part: Part, basis: Basis, rate: Option<Range>, quote: Option<Range>) -> Item {
        Item { id: String::new(), name: String::new(), part, basis, rate, quote, payers: Vec::new() }
    }

    fn terms(scale: i64, months: u32) -> Terms {
        let coupon = Range { low: Decimal::new(3, 2), high: Decimal::new(35, 3) };
        Terms { scale: scale.into(), months, coupon, bridge_days: 3 }
    }

    fn range(low: i64, high: i64) -> Range {
        Range { low: low.into(), high: high.into() }
    }

    fn share(low: i64, high: i64, scale: u32) -> Range {
        Range { low: Decimal::new(low, scale), high: Decimal::new(high, scale) }
    }

    #[test]
    fn quotes_hold_for_their_terms_alone_and_are_held_against_rates_at_those() {
        let fee = item(Part::Services, Basis::Once, Some(share(2, 4, 3)), Some(range(600_000, 700_000)));
        let costs = Costs { items: vec![fee], interest_payers: Vec::new(), quoted: terms(100_000_000, 12) };
        let clash = costs.estimate(terms(200_000_000, 12)).lines[0].clash.expect("0.2 % to 0.4 % are 20 to 40, not 60 to 70");
        assert!(clash.apart);
        assert_eq!((clash.by_rate, clash.implied), (range(200_000, 400_000), Some(share(6, 7, 3))));
        assert!(costs.estimate(terms(200_000_000, 12)).quoted().is_none());
        assert_eq!(costs.estimate(terms(100_000_000, 12)).quoted().map(|total| total.fees), Some(range(600_000, 700_000)));
    }

    #[test]
    fn a_cap_counts_by_years_begun_and_is_kept_by_whatever_is_below() {
        let audit = |quote| item(Part::Services, Basis::Cap, Some(range(20_000, 20_000)), quote);
        let kept = audit(Some(range(15_000, 20_000)));
        assert_eq!((kept.stated(&terms(1, 13)), kept.clash(&terms(1, 12))), (range(30_000, 40_000), None));
        let clash = audit(Some(range(15_000, 30_000))).clash(&terms(1, 12)).expect("30,000 are above the cap");
        assert_eq!((clash.apart, clash.implied), (false, None));
        assert_eq!(audit(None).stated(&terms(1, 12)), range(0, 20_000));
    }

    proptest! {
        #[test]
        fn payers_pay_all_of_it_once(shares in prop::collection::vec(0_u32..=100, 1..5), scale in 1_i64..1_000_000_000, months in 1_u32..60) {
            let items = shares.iter().map(|percent| Item {
                payers: vec![("甲".to_owned(), Decimal::new((*percent).into(), 2)), ("乙".to_owned(), Decimal::new((100 - *percent).into(), 3))],
                ..item(Part::Services, Basis::PerYear, Some(share(1, 2, 2)), None)
            });
            let costs = Costs { items: items.collect(), interest_payers: vec![("乙".to_owned(), Decimal::ONE)], quoted: terms(1, 12) };
            let estimate = costs.estimate(terms(scale, months));
            let paid = estimate.payers().into_iter().fold(Range::default(), |sum, (_, amount)| sum.plus(amount));
            let all = estimate.stated().all;
            let near = |a: Decimal, b: Decimal| (a - b).abs() < Decimal::new(1, 10);
            prop_assert!(near(paid.low, all.low) && near(paid.high, all.high), "{paid:?} {all:?}");
        }
    }
}
