//! The pool in the order of its scores: the parts of each, what is missing, and how far each weight moves the rank.
//!
//! A score rests on figures of statistics, and so does a rank: in the operator's edition only enterprises with consent stand here, and
//! their ranks are among themselves.

use crate::config::CriterionOptions;
use crate::error::Error;
use crate::stages::publish::cells::{Reader, Shape};
use crate::stages::publish::desk::{Desk, Edition, text_or_blank};
use crate::stages::publish::workbook::{Book, Column, Tab, Table, Value};
use std::collections::HashMap;

/// The scores of an enterprise.
#[derive(Default)]
struct Scored {
    rank: i64,
    enterprise: String,
    name: String,
    /// By criterion: points, how they stand, and the ranks at half and one and a half of its weight.
    parts: Vec<(Option<i128>, String, [i64; 2])>,
}

/// Writes the scores.
pub fn scores(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let lang = desk.lang();
    let criteria: Vec<(&String, &CriterionOptions)> = desk.publication.config.scored_criteria().collect();
    let mut columns = vec![
        Column::count(desk.header("rank")),
        Column::code(desk.header("uscc")),
        Column::text(desk.header("name")),
        Column::number(desk.header("score"), 2),
        Column::number(desk.header("score_missing"), 2),
        Column::text(desk.header("rank_range")).wide(12.0),
        Column::text(desk.header("rank_moved_by")).wide(22.0),
    ];
    for (_, options) in &criteria {
        let header = desk.tell("points_of", &[options.name.get(lang), &options.weight.unwrap_or(1).to_string()]);
        columns.push(Column::number(header, 0).in_group(desk.header("points")));
    }
    let all = gathered(desk, &criteria)?;
    let shown: Vec<&Scored> = all.iter().filter(|scored| desk.discloses(&scored.enterprise)).collect();
    let mut subtitle = vec![desk.as_of(), desk.say("scores_head").to_owned()];
    if desk.edition == Edition::Operator {
        subtitle.push(desk.say("masked_scores").to_owned());
    }
    subtitle.extend(desk.left_out());
    let totals = totals(desk)?;
    let mut table = book.table(Table {
        sheet: desk.sheet("scores"),
        title: desk.say("scores_title").to_owned(),
        subtitle,
        columns,
        frozen_columns: 3,
        empty_text: desk.say(if criteria.is_empty() { "scores_none" } else { "scores_empty" }).to_owned(),
        notes: vec![desk.say("scores_note").to_owned()],
        expected_rows: Some(shown.len() as u64),
        tab: Tab::Result,
    })?;
    for scored in &shown {
        // Ranks of others are not to be told by the gaps that they leave.
        let among = |rank: fn(&Scored) -> i64| 1 + shown.iter().filter(|other| rank(other) < rank(scored)).count() as i64;
        let rank = among(|s| s.rank);
        let moved: Vec<[i64; 2]> = match desk.edition {
            Edition::Closed => scored.parts.iter().map(|(.., ranks)| *ranks).collect(),
            // Among those shown, at the same weights.
            Edition::Operator => (0..criteria.len())
                .map(|c| [0, 1].map(|way| 1 + shown.iter().filter(|other| other.parts[c].2[way] < scored.parts[c].2[way]).count() as i64))
                .collect(),
        };
        let (least, most) = moved.iter().flatten().fold((rank, rank), |(least, most), rank| (least.min(*rank), most.max(*rank)));
        let range = if least == most { least.to_string() } else { format!("{least}–{most}") };
        let farthest = moved.iter().map(|ranks| ranks.iter().map(|r| (r - rank).abs()).max().unwrap_or(0)).enumerate();
        let mover =
            farthest.rev().max_by_key(|(_, far)| *far).filter(|(_, far)| *far > 0).map_or("", |(c, _)| criteria[c].1.name.get(lang));
        let (code, score, missing) = totals.get(&scored.enterprise).cloned().unwrap_or_default();
        let number = |value: Option<i128>| value.map_or(Value::Blank, |unscaled| Value::Number { unscaled, scale: 4 });
        let mut cells = vec![Value::Count(rank), text_or_blank(&code), Value::Text(&scored.name), number(score), number(missing)];
        cells.extend([Value::Text(&range), text_or_blank(mover)]);
        cells.extend(scored.parts.iter().map(|(points, state, _)| said(desk, *points, state)));
        table.row(&cells)?;
    }
    table.finish()?;
    Ok(())
}

/// Points in a cell: what cannot be judged is told apart from nought.
fn said<'v>(desk: &Desk<'_>, points: Option<i128>, state: &str) -> Value<'v> {
    match (points, state) {
        (Some(unscaled), _) => Value::Number { unscaled, scale: 4 },
        (None, "not_applicable") => Value::Text(desk.say("points_idle")),
        (None, _) => Value::Text(desk.say("unjudged")),
    }
}

/// The pooled enterprises with their parts, by rank.
fn gathered(desk: &Desk<'_>, criteria: &[(&String, &CriterionOptions)]) -> Result<Vec<Scored>, Error> {
    let mut all: Vec<Scored> = Vec::new();
    for batch in desk.publication.engine.dataset("scores").batches() {
        let batch = &batch?;
        let [enterprise, name, criterion, points, state, rank, less, more] =
            ["enterprise", "name", "criterion", "points", "state", "rank", "rank_weight_halved", "rank_weight_raised"]
                .map(|column| Reader::of(batch, column, Shape::Plain));
        for row in 0..batch.num_rows() {
            if all.last().is_none_or(|last| last.enterprise != enterprise.text(row)) {
                let (enterprise, name) = (enterprise.text(row).to_owned(), name.text(row).to_owned());
                let parts = vec![(None, String::new(), [0; 2]); criteria.len()];
                all.push(Scored { rank: rank.whole(row).unwrap_or_default(), enterprise, name, parts });
            }
            let place = criteria.iter().position(|(id, _)| *id == criterion.text(row));
            if let Some(part) = place.and_then(|place| all.last_mut()?.parts.get_mut(place)) {
                let ranks = [less.whole(row).unwrap_or_default(), more.whole(row).unwrap_or_default()];
                *part = (points.units(row), state.text(row).to_owned(), ranks);
            }
        }
    }
    all.sort_by_key(|scored| scored.rank);
    Ok(all)
}

/// Code, score and what is missing of it, by enterprise.
type Totals = HashMap<String, (String, Option<i128>, Option<i128>)>;

fn totals(desk: &Desk<'_>) -> Result<Totals, Error> {
    let mut totals = HashMap::new();
    for batch in desk.gathered.enterprises.batches() {
        let batch = &batch?;
        let [key, code, score, missing, pooled] =
            ["enterprise", "uscc", "score", "score_missing", "pooled"].map(|column| Reader::of(batch, column, Shape::Plain));
        for row in (0..batch.num_rows()).filter(|row| pooled.is_true(*row)) {
            totals.insert(key.text(row).to_owned(), (code.text(row).to_owned(), score.units(row), missing.units(row)));
        }
    }
    Ok(totals)
}
