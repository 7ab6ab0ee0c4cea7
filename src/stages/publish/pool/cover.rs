//! The cover: what the workbook is, what it was made from, by which criteria, and the lines to sign on.

use super::verdicts::thresholds;
use crate::config::IN_FORCE;
use crate::error::Error;
use crate::run::{Adopted, Differences, Input};
use crate::stages::publish::cells::{Reader, Shape};
use crate::stages::publish::desk::{Desk, Edition, grouped};
use crate::stages::publish::disclosure::sends_statistics;
use crate::stages::publish::verdict::Verdicts;
use crate::stages::publish::workbook::{Block, Book, Cover, GridColumn};

/// Inputs listed one by one; more are summed up per bureau.
const LISTED: usize = 40;
/// Characters of a hash that the cover shows.
const HASH: usize = 16;

/// Writes the cover.
pub fn cover(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let edition = desk.edition.id();
    let mut notes = vec![desk.say(&format!("edition_{edition}_note")).to_owned()];
    notes.extend(["cover_note_units", "cover_note_codes", "cover_note_trace"].map(|key| desk.say(key).to_owned()));
    book.cover(&Cover {
        sheet: desk.sheet("cover"),
        title: desk.say("title").to_owned(),
        subtitle: vec![
            desk.say(&format!("edition_{edition}")).to_owned(),
            desk.tell("cover_as_of", &[&desk.date(desk.publication.config.as_of)]),
        ],
        blocks: vec![
            Block::Facts { heading: desk.say("cover_facts").to_owned(), facts: facts(desk)? },
            inputs(desk),
            Block::List {
                heading: desk.say("cover_criteria").to_owned(),
                items: thresholds(desk, desk.publication.config.hard_criteria()),
            },
            bases(desk),
            Block::Notes { heading: desk.say("cover_notes").to_owned(), paragraphs: notes },
        ],
        signatures: ["sign_made", "sign_checked", "sign_head", "sign_date"].map(|key| desk.say(key).to_owned()).to_vec(),
    })?;
    Ok(())
}

fn facts(desk: &Desk<'_>) -> Result<Vec<(String, String)>, Error> {
    let (p, gathered) = (desk.publication, desk.gathered);
    let not_pooled = gathered.total() - gathered.pooled - gathered.unjudged;
    let counts = [gathered.total(), gathered.pooled, not_pooled, gathered.unjudged].map(grouped);
    let mut facts = vec![
        (desk.say("fact_pool"), desk.tell("fact_pool_value", &counts.each_ref().map(String::as_str))),
        (desk.say("fact_as_of"), desk.tell("fact_as_of_value", &[&desk.date(p.config.as_of), &desk.last_year().to_string()])),
        (desk.say("fact_run"), desk.tell("fact_run_value", &[p.key, env!("CARGO_PKG_VERSION")])),
    ];
    if desk.edition == Edition::Operator {
        facts.insert(1, (desk.say("fact_consent"), desk.tell("fact_consent_value", &[&grouped(gathered.consenting.len() as u64)])));
    }
    if p.config.rights().is_some_and(|(form, ..)| p.has(form)) && p.config.pool.in_force.len() == IN_FORCE {
        facts.insert(1, (desk.say("fact_patents"), patents(desk)?));
    }
    facts.extend(p.adopted.as_ref().map(|adopted| (desk.say("fact_adopted"), since(desk, adopted))));
    Ok(facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Patents in force of the pool, as the sum that they are.
fn patents(desk: &Desk<'_>) -> Result<String, Error> {
    let columns = &desk.publication.config.pool.in_force;
    let mut sums = vec![0; columns.len()];
    for batch in desk.gathered.enterprises.batches() {
        let batch = &batch?;
        let verdicts = Verdicts::of(desk.publication, batch);
        let counts: Vec<Reader<'_>> = columns.iter().map(|column| Reader::of(batch, column, Shape::Plain)).collect();
        for row in (0..batch.num_rows()).filter(|row| verdicts.pooled(*row)) {
            sums.iter_mut().zip(&counts).for_each(|(sum, count)| *sum += count.whole(row).unwrap_or_default().unsigned_abs());
        }
    }
    let figures: Vec<String> = sums.into_iter().map(grouped).collect();
    Ok(desk.tell("fact_patents_value", &figures.iter().map(String::as_str).collect::<Vec<_>>()))
}

/// The adopted run, and what has changed since.
fn since(desk: &Desk<'_>, adopted: &Adopted) -> String {
    let mut arguments = vec![adopted.run.clone(), desk.date(adopted.adopted)];
    let (found, key) = match desk.edition {
        Edition::Closed => (adopted.since, "fact_adopted_value"),
        Edition::Operator => (adopted.open, "fact_adopted_open"),
    };
    let key = match found {
        None => "fact_adopted_alone",
        Some(found) if desk.edition == Edition::Closed && found == Differences::default() => "fact_adopted_same",
        Some(found) => {
            arguments.extend([found.entered, found.left, found.enterprises, found.figures].map(grouped));
            key
        }
    };
    desk.tell(key, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Inputs and their versions.
fn inputs(desk: &Desk<'_>) -> Block {
    let p = desk.publication;
    let column = |header: &str, twelfths: u16| GridColumn { header: desk.header(header).to_owned(), twelfths };
    let known = p.inputs.iter().filter(|i| !i.source.is_empty());
    if p.inputs.len() > LISTED {
        let mut bureaus: Vec<(&str, u64, u64, [bool; 2])> = Vec::new();
        for input in known {
            let held = [is_closed(desk, input), is_held(desk, input)];
            match bureaus.iter_mut().find(|(bureau, ..)| *bureau == input.bureau) {
                Some(sum) => (sum.1, sum.2, sum.3) = (sum.1 + 1, sum.2 + input.rows, [sum.3[0] || held[0], sum.3[1] || held[1]]),
                None => bureaus.push((&input.bureau, 1, input.rows, held)),
            }
        }
        // A bureau may send a file an enterprise.
        let files = |closed: bool, number| if closed { desk.say("cover_inputs_together").to_owned() } else { grouped(number) };
        return Block::Grid {
            heading: desk.say("cover_inputs_many").to_owned(),
            columns: vec![column("bureau", 6), column("files", 3), column("records", 3)],
            rows: bureaus
                .into_iter()
                .map(|(bureau, number, rows, [closed, held])| vec![bureau.to_owned(), files(closed, number), desk.count_unless(held, rows)])
                .collect(),
        };
    }
    let (together, apart): (Vec<&Input>, Vec<&Input>) = known.partition(|i| is_closed(desk, i));
    let mut rows: Vec<Vec<String>> = apart
        .into_iter()
        .map(|i| {
            let records = if i.refused { desk.say("unreadable").to_owned() } else { grouped(i.rows) };
            vec![i.bureau.clone(), i.path.clone(), records, i.sha256.chars().take(HASH).collect()]
        })
        .collect();
    // A bureau may send a file an enterprise and name it so.
    for files in together.chunk_by(|a, b| a.source == b.source) {
        let records = desk.count_unless(is_held(desk, files[0]), files.iter().map(|i| i.rows).sum());
        rows.push(vec![files[0].bureau.clone(), desk.say("cover_inputs_together").to_owned(), records, String::new()]);
    }
    Block::Grid {
        heading: desk.say("cover_inputs").to_owned(),
        columns: vec![column("bureau", 2), column("file", 5), column("records", 2), column("sha256_short", 3)],
        rows,
    }
}

/// Whether files like this one are told together in this edition.
fn is_closed(desk: &Desk<'_>, input: &Input) -> bool {
    desk.edition == Edition::Operator && sends_statistics(desk.publication.config, &input.source)
}

/// Whether the number of all records of its source is held back where statistics are closed.
fn is_held(desk: &Desk<'_>, input: &Input) -> bool {
    desk.gathered.held_back.of(|source, _| source == input.source).1
}

/// On what legal basis and for what purpose each source is processed.
fn bases(desk: &Desk<'_>) -> Block {
    let column = |header: &str, twelfths: u16| GridColumn { header: desk.header(header).to_owned(), twelfths };
    let sources = desk.publication.config.source.values().filter(|s| !s.disabled);
    Block::Grid {
        heading: desk.say("cover_bases").to_owned(),
        columns: vec![column("bureau", 2), column("legal_basis", 4), column("purpose", 4), column("catalogue_item", 2)],
        rows: sources.map(|s| vec![s.bureau.clone(), s.legal_basis.clone(), s.purpose.clone(), s.catalogue_item.clone()]).collect(),
    }
}
