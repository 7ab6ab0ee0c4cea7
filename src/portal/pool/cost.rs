//! The cost estimate, as a page shows and programs read it.

use super::room::Pool;
use crate::config::{Bound, Config, Span};
use crate::finding::cost::{
    basis_in_words, clash_in_words, clashes_in_words, money, notes_in_words, payers_in_words, percent, rate, rate_in_words, terms_in_words,
};
use crate::model::cost::{Estimate, Line, Range, Terms, Total};
use crate::model::words::Lang;
use crate::portal::error::PortalError;
use rust_decimal::Decimal;

/// Terms that are asked for; what is not stated is as the settings have it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AskedTerms {
    /// What is issued: `1亿元`, `8000万元`.
    #[serde(default)]
    pub scale: String,
    /// The term in months.
    #[serde(default)]
    pub months: String,
    /// The coupon: `3%`, or from `3%..3.5%`.
    #[serde(default)]
    pub coupon: String,
    /// Days of bridging.
    #[serde(default)]
    pub bridge_days: String,
}

/// What an issue of some terms costs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct CostEstimate {
    /// The terms, in a sentence.
    pub head: String,
    /// What is issued, yuan.
    pub scale: CostRange,
    /// The term in months.
    pub months: u32,
    /// The coupon, a fraction.
    pub coupon: CostRange,
    /// Days of bridging.
    pub bridge_days: u32,
    /// The items.
    pub items: Vec<CostItem>,
    /// The interest, yuan.
    pub interest: CostRange,
    /// What the items come to by their stated rates.
    pub by_rate: CostTotal,
    /// What they come to as quoted; null where quotes were made for other terms.
    pub by_quote: Option<CostTotal>,
    /// Who pays how much, by stated rates.
    pub payers: Vec<CostPayer>,
    /// How many items have a rate and a quote that clash, and how, a sentence each.
    pub clashes: Vec<String>,
    /// What else is to be known, a sentence each.
    pub notes: Vec<String>,
}

/// A figure from low to high.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct CostRange {
    /// What people read: amounts in 万元, shares in per cent.
    pub text: String,
    /// The least, exactly: amounts in yuan, shares as fractions.
    pub low: String,
    /// The most.
    pub high: String,
}

/// An item of the estimate.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct CostItem {
    /// Its id in the settings.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `guarantee` or `services`.
    pub part: &'static str,
    /// What it is charged on: `quote`, `once`, `per_year`, `per_day`, `of_interest`, `cap`.
    pub basis: &'static str,
    /// The same in words.
    pub basis_text: &'static str,
    /// The stated rate; of a cap the most of a year, yuan.
    pub rate: Option<CostRange>,
    /// The quoted amount.
    pub quote: Option<CostRange>,
    /// What it comes to by its rate, or as quoted where it has none.
    pub by_rate: CostRange,
    /// What it comes to as quoted; null where the quote was made for other terms.
    pub by_quote: Option<CostRange>,
    /// How rate and quote clash; null where they do not.
    pub clash: Option<String>,
    /// Who pays it.
    pub paid_by: String,
}

/// A sum of the estimate.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct CostTotal {
    /// Guarantee.
    pub guarantee: CostRange,
    /// Services.
    pub services: CostRange,
    /// Both.
    pub fees: CostRange,
    /// Both and the interest.
    pub all: CostRange,
    /// All of it for each yuan and year.
    pub rate: CostRange,
}

/// Who pays how much.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct CostPayer {
    /// Who; null of what no setting gives to anybody.
    pub payer: Option<String>,
    /// How much.
    pub amount: CostRange,
}

/// What an issue of the terms asked for costs.
///
/// # Errors
/// A term is none.
pub fn cost(pool: &Pool, asked: &AskedTerms) -> Result<CostEstimate, PortalError> {
    let config = pool.config_today();
    let terms = asked.read(&config).map_err(|unread| PortalError::Refused("cost_term", vec![unread.found, unread.expected.to_owned()]))?;
    Ok(CostEstimate::of(Lang::Zh, &config.cost.costs(Lang::Zh).estimate(terms)))
}

/// A term that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadTerm {
    /// Its name in [`AskedTerms`].
    pub term: &'static str,
    /// What was typed.
    pub found: String,
    /// What can be.
    pub expected: &'static str,
}

impl AskedTerms {
    /// The terms, what is not stated as the settings have it.
    ///
    /// # Errors
    /// The first that cannot be read.
    pub fn read(&self, config: &Config) -> Result<Terms, UnreadTerm> {
        let scale = read("scale", &self.scale, "1亿元、8000万元", |text| Bound::parse(text).filter(|scale| scale.units() > 0))?;
        let months = read("months", &self.months, "1 … 360", |text| text.parse().ok().filter(|months| (1..=360).contains(months)))?;
        let of_year = |text: &str| Span::parse(text).filter(|span| span.0.high <= Decimal::ONE);
        let coupon = read("coupon", &self.coupon, "3%、3%..3.5%", of_year)?;
        let days = read("bridge_days", &self.bridge_days, "0 … 366", |text| text.parse().ok().filter(|days| *days <= 366))?;
        let terms = config.cost.terms(scale.unwrap_or(config.issue.scale), months.unwrap_or(config.issue.term_months));
        Ok(Terms { coupon: coupon.map_or(terms.coupon, |span| span.0), bridge_days: days.unwrap_or(terms.bridge_days), ..terms })
    }
}

fn read<T>(term: &'static str, text: &str, expected: &'static str, of: impl Fn(&str) -> Option<T>) -> Result<Option<T>, UnreadTerm> {
    match text.trim() {
        "" => Ok(None),
        text => of(text).map(Some).ok_or_else(|| UnreadTerm { term, found: text.to_owned(), expected }),
    }
}

impl CostEstimate {
    /// The estimate as it is told.
    pub fn of(lang: Lang, estimate: &Estimate) -> Self {
        let Terms { scale, months, coupon, bridge_days } = estimate.terms;
        let payers = estimate.payers().into_iter().map(|(payer, amount)| CostPayer { payer, amount: of_money(lang, amount) });
        Self {
            head: terms_in_words(lang, estimate),
            scale: of_money(lang, Range::of(scale)),
            months,
            coupon: of_share(lang, coupon),
            bridge_days,
            items: estimate.lines.iter().map(|line| CostItem::of(lang, line)).collect(),
            interest: of_money(lang, estimate.terms.interest()),
            by_rate: CostTotal::of(lang, &estimate.stated()),
            by_quote: estimate.quoted().map(|total| CostTotal::of(lang, &total)),
            payers: payers.collect(),
            clashes: clashes_in_words(lang, estimate),
            notes: notes_in_words(lang, estimate),
        }
    }

    /// Whether any setting says who pays anything.
    pub fn has_payers(&self) -> bool {
        self.payers.iter().any(|payer| payer.payer.is_some())
    }
}

impl CostItem {
    fn of(lang: Lang, line: &Line) -> Self {
        let item = &line.item;
        Self {
            id: item.id.clone(),
            name: item.name.clone(),
            part: item.part.id(),
            basis: item.basis.id(),
            basis_text: basis_in_words(lang, item),
            rate: item.rate.map(|rate| exactly(rate_in_words(lang, item), rate)),
            quote: item.quote.map(|quote| of_money(lang, quote)),
            by_rate: of_money(lang, line.stated),
            by_quote: line.quoted.map(|quoted| of_money(lang, quoted)),
            clash: clash_in_words(lang, line),
            paid_by: payers_in_words(lang, &item.payers),
        }
    }
}

impl CostTotal {
    fn of(lang: Lang, total: &Total) -> Self {
        Self {
            guarantee: of_money(lang, total.guarantee),
            services: of_money(lang, total.services),
            fees: of_money(lang, total.fees),
            all: of_money(lang, total.all),
            rate: exactly(rate(total.rate, lang), total.rate),
        }
    }
}

fn exactly(text: String, range: Range) -> CostRange {
    CostRange { text, low: range.low.normalize().to_string(), high: range.high.normalize().to_string() }
}

fn of_money(lang: Lang, range: Range) -> CostRange {
    exactly(money(range, lang), range)
}

fn of_share(lang: Lang, range: Range) -> CostRange {
    exactly(percent(range, lang), range)
}
