//! Criteria in words: thresholds and figures as people read them.

use super::{in_unit, word};
use crate::config::{Bound, Config, CriterionOptions};
use crate::model::amount::Unit;
use crate::model::field::FieldKind;
use crate::model::words::{Lang, fill};

/// From here on amounts are told in 万元: ten-thousandths of ten thousand yuan.
const TEN_THOUSAND_YUAN: i128 = 100_000_000;

/// The threshold of a criterion: as stated, else by its bounds; of what no form states, why it cannot be judged.
pub fn threshold(config: &Config, criterion: &CriterionOptions, lang: Lang) -> String {
    if !criterion.threshold.is_empty() {
        return criterion.threshold.clone();
    }
    let Some(usual) = criterion.bound() else {
        return criterion.unjudged.as_ref().map(|why| why.get(lang).to_owned()).unwrap_or_default();
    };
    let sign = if criterion.at_most.is_some() { "≤" } else { "≥" };
    let said = |bound: Bound| format!("{sign} {}", figure_in_words(config, criterion, bound, lang));
    let variants: Vec<String> = criterion.variants.iter().map(|v| format!("{} {}", v.name.get(lang), said(v.bound))).collect();
    if variants.is_empty() {
        return said(usual);
    }
    let parts = [said(usual), variants.join(word(lang, "criterion.between"))];
    fill(word(lang, "criterion.variants"), |place| parts.get(place.parse::<usize>().ok()?).cloned()).into_owned()
}

/// A figure of a criterion, or a distance between two, in the unit of the column that it judges.
pub fn figure_in_words(config: &Config, criterion: &CriterionOptions, figure: Bound, lang: Lang) -> String {
    let column = criterion.figure.trim().to_lowercase();
    let given = config.given(&column);
    let merged = config.merge.field.get(&column);
    let kind = given.and_then(|given| config.kind_of(given)).or_else(|| {
        let (form, field) = merged?.sources().next()?;
        config.form.get(form)?.field.get(field).map(|field| field.kind)
    });
    let unit = given.and_then(|given| given.unit.as_ref()).or_else(|| merged?.unit.as_ref()).map(|unit| unit.get(lang));
    let number = |units: i128| in_unit(units, 1);
    match (kind, unit) {
        (Some(FieldKind::Amount), _) if figure.units().abs() >= TEN_THOUSAND_YUAN => {
            let unit = Unit::TenThousand.yuan();
            format!("{} {}", in_unit(figure.units(), unit), word(lang, "unit.10000"))
        }
        (Some(FieldKind::Amount), _) => format!("{} {}", number(figure.units()), word(lang, "unit.1")),
        // A share is stored as such; a rate that a form states is in percent.
        (_, Some("%")) if given.is_some_and(|given| given.formula.is_some()) => format!("{}%", number(figure.units() * 100)),
        (_, Some("%")) => format!("{}%", number(figure.units())),
        (_, Some(unit)) => format!("{} {unit}", number(figure.units())),
        _ if given.is_some_and(|given| given.adds) => format!("{} {}", number(figure.units()), word(lang, "portal.unit_piece")),
        _ => number(figure.units()),
    }
}
