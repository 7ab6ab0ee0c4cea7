//! `huichi diff RUN RUN`

use super::args::{Cli, Format};
use super::output::{Paint, lang, say};
use super::site;
use super::user::line;
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::finding::word;
use crate::model::words::Lang;
use crate::pipeline::{KeptRun, kept};
use crate::run::{Causes, Difference, Differences, Enterprises, Named, compare, counted, figures_of_both, rejudged};
use crate::stages::publish::enterprise_column::EnterpriseColumn;
use crate::stages::publish::follows::follows;
use serde::Serialize;
use std::collections::HashSet;

/// A run that is compared.
struct Side {
    kept: KeptRun,
    /// The settings under which it was made, or today's where it kept none.
    config: Config,
    enterprises: Enterprises,
}

/// What differs, as it is printed.
#[derive(Serialize)]
struct Told {
    older: Run,
    newer: Run,
    counts: Differences,
    entered: Vec<Moved>,
    left: Vec<Moved>,
    figures: Vec<Figure>,
}

#[derive(Serialize)]
struct Run {
    run: String,
    as_of: String,
}

#[derive(Serialize)]
struct Moved {
    enterprise: String,
    name: String,
    reasons: Vec<String>,
    causes: Vec<Caused>,
}

/// A cause, and it in words.
#[derive(Serialize)]
struct Caused {
    #[serde(flatten)]
    named: Named,
    /// The criterion that it makes judge otherwise, of who entered or left.
    #[serde(skip_serializing_if = "Option::is_none")]
    criterion: Option<String>,
    words: String,
}

#[derive(Serialize)]
struct Figure {
    enterprise: String,
    name: String,
    column: String,
    label: String,
    was: String,
    is: String,
    /// Whether the enterprise is in both pools.
    pooled: bool,
    causes: Vec<Caused>,
}

/// Prints what entered, what left and why, and which figures are others.
pub fn run(cli: &Cli, older: &str, newer: &str) -> Result<u8, Error> {
    let (today, ledger) = site::looked(cli)?;
    let lang = lang(cli, &today);
    let open = |named: &str| {
        let kept = kept(&today, &ledger, named)?;
        let unread = |reason: String| Error::new(ErrorKind::System, "ERR-096").with("run", kept.id.clone()).with("reason", reason);
        let enterprises = Enterprises::read(&kept.published).map_err(|error| unread(error.to_string()))?;
        let enterprises = enterprises.ok_or_else(|| unread("@diff.no_enterprises".to_owned()))?;
        let config = kept.published.known_settings(&today).map_err(|flaw| unread(flaw.flaw.to_string()))?;
        Ok::<_, Error>(Side { kept, config: config.unwrap_or_else(|| today.clone()), enterprises })
    };
    let told = told(lang, &open(older)?, &open(newer)?)?;
    if cli.format == Format::Json {
        say(serde_json::to_value(&told)?);
    } else {
        print(lang, &told);
    }
    Ok(0)
}

fn told(lang: Lang, old: &Side, new: &Side) -> Result<Told, Error> {
    let (before, after) = (&old.enterprises, &new.enterprises);
    let columns = figures_of_both(before, after);
    let mut wanted = HashSet::new();
    compare(before, after, &columns, |difference| {
        let (was, is) = match difference {
            Difference::Entered { was, is } => (was, Some(is)),
            Difference::Left { was, is } => (Some(was), is),
            Difference::Figure { was, is, .. } => (Some(was), Some(is)),
        };
        wanted.extend(was.map(|row| before.text("enterprise", row)));
        wanted.extend(is.map(|row| after.text("enterprise", row)));
    });
    let unread = |error: crate::run::Untraced| {
        Error::new(ErrorKind::System, "ERR-096").with("run", new.kept.id.clone()).with("reason", error.to_string())
    };
    let causes = Causes::between([old.of_run(), new.of_run()], &wanted, &follows).map_err(unread)?;
    let caused = |criterion: Option<&String>, causes: Vec<Named>| -> Vec<Caused> {
        let told = |named: Named| Caused { words: named.in_words(&new.config, lang), named, criterion: criterion.cloned() };
        causes.into_iter().map(told).collect()
    };
    let (mut entered, mut left, mut figures) = (Vec::new(), Vec::new(), Vec::new());
    let moved = |was: Option<usize>, is: Option<usize>| {
        let (of, row) = is.map(|is| (after, is)).or(was.map(|was| (before, was))).unwrap_or((after, 0));
        Moved {
            enterprise: of.text("enterprise", row),
            name: of.text("name", row),
            reasons: reasons(lang, (old, was), (new, is)),
            causes: causes.of_move(was, is).into_iter().flat_map(|moved| caused(moved.criterion.as_ref(), moved.causes)).collect(),
        }
    };
    compare(before, after, &columns, |difference| match difference {
        Difference::Entered { was, is } => entered.push(moved(was, Some(is))),
        Difference::Left { was, is } => left.push(moved(Some(was), is)),
        Difference::Figure { was, is, column, pooled } => figures.push(Figure {
            enterprise: after.text("enterprise", is),
            name: after.text("name", is),
            column: column.to_owned(),
            label: EnterpriseColumn::of(&new.config, column).map_or_else(|| column.to_owned(), |column| column.full_label(lang)),
            was: before.text(column, was),
            is: after.text(column, is),
            pooled,
            causes: caused(None, causes.of_value(column, Some(was), Some(is))),
        }),
    });
    let run = |side: &Side| Run { run: side.kept.id.clone(), as_of: side.kept.published.record().as_of.to_string() };
    Ok(Told { older: run(old), newer: run(new), counts: counted(before, after, |_, _, _| true), entered, left, figures })
}

impl Side {
    fn of_run(&self) -> crate::run::Side<'_> {
        crate::run::Side { run: &self.kept.published, enterprises: &self.enterprises, config: &self.config, build: &self.kept.build }
    }
}

/// Why an enterprise entered or left: the criteria that judge it otherwise, each as the run calls it that has it.
fn reasons(lang: Lang, (old, was): (&Side, Option<usize>), (new, is): (&Side, Option<usize>)) -> Vec<String> {
    let (Some(was), Some(is)) = (was, is) else {
        return vec![word(lang, if is.is_some() { "portal.change_listed" } else { "portal.change_unlisted" }).to_owned()];
    };
    let said = |verdict: &Option<String>| match verdict {
        Some(verdict) => word(lang, &format!("verdict.{verdict}")),
        None => word(lang, "portal.change_no_criterion"),
    };
    let told = rejudged((&old.enterprises, was), (&new.enterprises, is)).into_iter().map(|judged| {
        let known = [new, old].into_iter().find_map(|side| side.config.criterion.get(&judged.criterion));
        let name = known.map_or(judged.criterion.as_str(), |criterion| criterion.name.get(lang));
        line(lang, "portal.change_verdict", &[name, said(&judged.was), said(&judged.is)])
    });
    told.collect()
}

fn print(lang: Lang, told: &Told) {
    let paint = Paint::stdout();
    let tell = |key: &str, values: &[&str]| line(lang, &format!("diff.{key}"), values);
    say(paint.text("1", &tell("runs", &[&told.older.run, &told.older.as_of, &told.newer.run, &told.newer.as_of])));
    let Differences { entered, left, enterprises, figures } = told.counts;
    say(tell("counts", &[&entered.to_string(), &left.to_string(), &enterprises.to_string(), &figures.to_string()]));
    for (key, moved) in [("entered", &told.entered), ("left", &told.left)] {
        if !moved.is_empty() {
            say(format!("\n{}", paint.text("1", &tell(key, &[&moved.len().to_string()]))));
        }
        for moved in moved {
            say(format!("  {}  {}  {}", moved.enterprise, moved.name, moved.reasons.join(word(lang, "link.also"))));
            print_causes(lang, &paint, &moved.causes);
        }
    }
    if !told.figures.is_empty() {
        say(format!("\n{}", paint.text("1", &tell("figures", &[&told.figures.len().to_string()]))));
    }
    for figure in &told.figures {
        let shown = |value: &str| if value.is_empty() { "—".to_owned() } else { value.to_owned() };
        let outside = if figure.pooled { "" } else { word(lang, "diff.outside") };
        let change = format!("{} → {}", shown(&figure.was), shown(&figure.is));
        say(format!("  {}  {}  {}  {change}{outside}", figure.enterprise, figure.name, figure.label));
        print_causes(lang, &paint, &figure.causes);
    }
}

fn print_causes(lang: Lang, paint: &Paint, causes: &[Caused]) {
    let mut words: Vec<&str> = Vec::new();
    for caused in causes {
        if !words.contains(&caused.words.as_str()) {
            words.push(&caused.words);
        }
    }
    let told = words.join(word(lang, "link.also"));
    say(format!("      {}", paint.text("2", &line(lang, "cause.causes", &[&told]))));
}
