//! The cost table: items that come to something, and that nobody pays twice.

use super::Check;
use crate::config::{CostItemOptions, Exact, Options};
use crate::model::cost::Basis;
use indexmap::IndexMap;
use rust_decimal::Decimal;

impl Check<'_> {
    pub(super) fn costs(&mut self, options: &Options) {
        let cost = &options.cost;
        if cost.coupon.0.high > Decimal::ONE {
            self.add("cost.coupon".into(), &cost.coupon.0.high.to_string(), vec!["\"3%\"".into(), "[\"3%\", \"3.5%\"]".into()]);
        }
        if cost.quoted_scale.units() <= 0 {
            self.add("cost.quoted_scale".into(), &cost.quoted_scale.plain(), vec!["\"1亿元\"".into()]);
        }
        self.paid("cost.interest_paid_by", &cost.interest_paid_by);
        for (id, item) in &cost.item {
            let path = format!("cost.item.{id}");
            self.paid(&format!("{path}.paid_by"), &item.paid_by);
            if item.name.get(crate::model::words::Lang::Zh).is_empty() {
                self.lacks(&path, "name");
            }
            self.charged(&path, item);
        }
    }

    /// What an item is charged on fits what is stated of it.
    fn charged(&mut self, path: &str, item: &CostItemOptions) {
        match item.basis {
            Basis::Quote => {
                if item.rate.is_some() {
                    self.add(format!("{path}.rate"), item.basis.id(), vec!["basis = \"once\"".into(), "basis = \"per_year\"".into()]);
                }
                if item.quote.is_none() {
                    self.lacks(path, "quote");
                }
            }
            basis => match item.rate {
                None => self.lacks(path, "rate"),
                Some(rate) if basis.is_rate() && rate.0.high > Decimal::ONE => {
                    self.add(format!("{path}.rate"), &rate.0.high.to_string(), vec!["\"1%\"".into(), "[\"1%\", \"1.5%\"]".into()]);
                }
                Some(_) => {}
            },
        }
    }

    /// Shares are shares, and no more than the whole.
    fn paid(&mut self, path: &str, paid_by: &IndexMap<String, Exact>) {
        let sum = paid_by.values().fold(Decimal::ZERO, |sum, share| sum.saturating_add(share.0));
        if sum > Decimal::ONE {
            self.add(path.to_owned(), &format!("{}%", (sum * Decimal::ONE_HUNDRED).normalize()), vec!["≤ 100%".into()]);
        }
    }
}
