//! `[cost]`: what an issue costs, item by item (the plan's annex 2).

use super::criterion::Bound;
use crate::model::amount::Unit;
use crate::model::cost::{Basis, Costs, Item, Part, Payers, Range, Terms};
use crate::model::words::{Label, Lang};
use indexmap::IndexMap;
use rust_decimal::Decimal;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use validator::Validate;

/// `[cost]`
#[derive(Debug, Clone, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct CostOptions {
    /// The coupon of a year.
    pub coupon: Span,
    /// Days for which money is bridged.
    #[validate(range(max = 366))]
    pub bridge_days: u32,
    /// The scale for which quotes were made, yuan.
    pub quoted_scale: Bound,
    /// The term for which quotes were made, in months.
    #[validate(range(min = 1, max = 360))]
    pub quoted_months: u32,
    /// Who pays which share of the interest.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub interest_paid_by: IndexMap<String, Exact>,
    /// The items, as they are listed.
    pub item: IndexMap<String, CostItemOptions>,
}

impl Default for CostOptions {
    fn default() -> Self {
        Self {
            coupon: Span(Range { low: Decimal::new(3, 2), high: Decimal::new(35, 3) }),
            bridge_days: 3,
            quoted_scale: Bound::parse("1亿元").unwrap_or_default(),
            quoted_months: 12,
            interest_paid_by: IndexMap::new(),
            item: IndexMap::new(),
        }
    }
}

/// `[cost.item.<id>]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CostItemOptions {
    /// What people call it.
    pub name: Label,
    /// To which sum it belongs.
    pub part: Part,
    /// What it is charged on.
    pub basis: Basis,
    /// The stated rate; of a cap the most of a year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Span>,
    /// The quoted amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<Span>,
    /// Who pays which share of it.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub paid_by: IndexMap<String, Exact>,
    /// A disabled item is not counted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

impl CostOptions {
    /// The items and what holds of them all.
    pub fn costs(&self, lang: Lang) -> Costs {
        let counting = self.item.iter().filter(|(_, item)| !item.disabled);
        let item = |(id, item): (&String, &CostItemOptions)| Item {
            id: id.clone(),
            name: item.name.get(lang).to_owned(),
            part: item.part,
            basis: item.basis,
            rate: item.rate.map(|span| span.0),
            quote: item.quote.map(|span| span.0),
            payers: payers(&item.paid_by),
        };
        let quoted = self.terms(self.quoted_scale, self.quoted_months);
        Costs { items: counting.map(item).collect(), interest_payers: payers(&self.interest_paid_by), quoted }
    }

    /// The terms of an issue of some scale for some months, the rest as it is set.
    pub fn terms(&self, scale: Bound, months: u32) -> Terms {
        let scale = Decimal::from_i128_with_scale(scale.units(), 4).normalize();
        Terms { scale, months, coupon: self.coupon.0, bridge_days: self.bridge_days }
    }
}

fn payers(paid_by: &IndexMap<String, Exact>) -> Payers {
    paid_by.iter().map(|(payer, share)| (payer.clone(), share.0)).collect()
}

/// A decimal of any number of places, written as a number or as people do: `"0.035%"`, `"100万元"`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd)]
pub struct Exact(pub Decimal);

/// How a decimal may be written, for messages.
const WRITTEN: &str = "\"3.5%\"、\"100万元\"";

impl Exact {
    /// Reads a number, one with a unit of money, or a percentage.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().replace(',', "");
        if let Some(share) = text.strip_suffix('%') {
            return plain(share)?.checked_div(Decimal::ONE_HUNDRED).map(|share| Self(share.normalize()));
        }
        // The longest name that fits: 万元 ends with 元 too.
        let unit = Unit::ALL.into_iter().rev().find(|unit| text.ends_with(unit.label_zh()));
        let number = unit.map_or(text.as_str(), |unit| text.trim_end_matches(unit.label_zh()));
        plain(number)?.checked_mul(Decimal::from(unit.map_or(1, Unit::yuan))).map(|amount| Self(amount.normalize()))
    }
}

/// A decimal without sign or exponent.
fn plain(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if digits { text.parse().ok() } else { None }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Written).map(|span| Self(span.0.low))
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.to_string())
    }
}

/// One decimal, or two from low to high: `"1%"`, `["1%", "1.5%"]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span(pub Range);

impl Span {
    /// Reads `3%` or `3%..3.5%`.
    pub fn parse(text: &str) -> Option<Self> {
        let (low, high) = text.split_once("..").unwrap_or((text, text));
        let (low, high) = (Exact::parse(low)?, Exact::parse(high)?);
        (low <= high).then_some(Self(Range { low: low.0, high: high.0 }))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Written)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        [self.0.low, self.0.high].map(|end| end.to_string()).serialize(to)
    }
}

/// What is written of one or two decimals.
struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = Span;

    fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(WRITTEN)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Span, E> {
        let figure = Exact::parse(text).ok_or_else(|| E::custom(format!("wanted {WRITTEN}")))?;
        Ok(Span(Range::of(figure.0)))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Span, E> {
        self.visit_str(&number.to_string())
    }

    /// The shortest decimal that is this double is what stands in the file.
    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Span, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, ends: A) -> Result<Span, A::Error> {
        let ends: Vec<Exact> = Vec::deserialize(SeqAccessDeserializer::new(ends))?;
        match ends[..] {
            [low, high] if low <= high => Ok(Span(Range { low: low.0, high: high.0 })),
            _ => Err(serde::de::Error::custom("wanted [low, high], low ≤ high")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_as_people_write_them() {
        let read = |text: &str| Exact::parse(text).map(|exact| exact.0.to_string());
        for (text, read_as) in
            [("0.035%", "0.00035"), ("1,000万元", "10000000"), ("1.5亿元", "150000000"), ("3元", "3"), ("100 万元", "1000000")]
        {
            assert_eq!(read(text).as_deref(), Some(read_as), "{text}");
        }
        for text in ["", "%", "-1%", "1e9", "+3", "一万元", "3..4%"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(Span::parse("3%..3.5%"), Some(Span(Range { low: Decimal::new(3, 2), high: Decimal::new(35, 3) })));
        assert_eq!(Span::parse("3.5%..3%"), None);
    }
}
