//! The charts of the quality pages; their numbers stand in the tables beside them.

use super::svg::{Bar, BarChart, FlowChart, Ink, LineChart, LineSeries, Node};
use crate::finding::word;
use crate::model::account::Place;
use crate::model::severity::Severity;
use crate::model::words::Lang;
use crate::portal::quality::{BureauQuality, EditQuality, FormQuality, FoundBySeverity, Moment, OriginOfRecords, QualityOverview};
use crate::portal::text::{grouped, portal, say, shown};

/// Edits drawn.
const MOST: usize = 12;

/// The look of a severity.
fn ink(severity: Severity) -> Ink {
    match severity {
        Severity::Error => Ink::Error,
        Severity::Explain => Ink::Explain,
        Severity::Note => Ink::Note,
    }
}

fn series() -> [(String, Ink); 3] {
    Severity::ALL.map(|s| (word(Lang::Zh, s.label_key()).to_owned(), ink(s)))
}

/// Bars of what is told; what is held back in part is in no bar, since a bar without it would be wrong.
fn by_severity(id: &str, title: &str, description: &str, rows: Vec<(String, FoundBySeverity)>) -> String {
    let told = |(name, found): (String, FoundBySeverity)| Some(Bar { name, parts: found.numbers().into_iter().collect::<Option<_>>()? });
    let bars: Vec<Bar> = rows.into_iter().filter_map(told).collect();
    BarChart { id, title: portal(title), description: portal(description), series: &series(), bars: &bars }.draw()
}

/// A bureau's name, or the words for none.
pub fn bureau_name(bureau: &str) -> String {
    if bureau.is_empty() { word(Lang::Zh, "publish.no_bureau").to_owned() } else { bureau.to_owned() }
}

/// Findings per bureau.
pub fn bureau_chart(bureaus: &[BureauQuality]) -> String {
    let rows = bureaus.iter().map(|b| (bureau_name(&b.bureau), b.found)).collect();
    by_severity("bureaus", "quality_bureaus", "quality_beside", rows)
}

/// Findings per form.
pub fn form_chart(forms: &[FormQuality]) -> String {
    let name = |f: &FormQuality| if f.dataset.is_empty() { word(Lang::Zh, "publish.about_files").to_owned() } else { f.name.clone() };
    by_severity("forms", "quality_forms", "quality_beside", forms.iter().map(|f| (name(f), f.found)).collect())
}

/// The edits with most findings.
pub fn edit_chart(overview: &QualityOverview) -> String {
    let found = overview.edits.iter().filter(|e| e.findings.is_some_and(|n| n > 0)).take(MOST);
    let rows = found.map(|e| {
        let own = Severity::ALL.map(|s| if s.id() == e.severity { e.findings } else { Some(0) });
        (format!("{} {}", e.code, e.name), FoundBySeverity::of(own))
    });
    by_severity("edits", "quality_edits", "quality_beside", rows.collect())
}

/// What came in and where it ended.
pub fn flow_chart(origins: &[OriginOfRecords]) -> String {
    let inks = [Ink::Good, Ink::Plain, Ink::Apart, Ink::Crossed, Ink::Faint, Ink::Error];
    // Bands are of what is told; a sum of them is of no more.
    let ended = |place: usize| origins.iter().filter_map(|o| o.places[place]).sum::<u64>();
    let used: Vec<usize> = (0..Place::ALL.len()).filter(|p| ended(*p) > 0).collect();
    let name = |place: usize| word(Lang::Zh, &format!("place.{}", Place::ALL[place].id())).to_owned();
    let to: Vec<Node> = used.iter().map(|p| Node { name: name(*p), ink: inks[*p] }).collect();
    let from: Vec<Node> = origins.iter().map(|o| Node { name: format!("{} {}", bureau_name(&o.bureau), o.form), ink: Ink::Note }).collect();
    let numbers: Vec<Vec<u64>> = origins.iter().map(|o| used.iter().map(|p| o.places[*p].unwrap_or_default()).collect()).collect();
    let told: Vec<String> = used.iter().map(|p| format!("{} {}", name(*p), grouped(ended(*p)))).collect();
    let total: u64 = (0..Place::ALL.len()).map(ended).sum();
    let whole = origins.iter().all(|o| o.came.is_some() && o.places.iter().all(Option::is_some));
    let key = if whole { "portal.quality_flow_told" } else { "portal.quality_flow_part" };
    let description = say(key, &[grouped(total), told.join("、")]);
    FlowChart { id: "flow", title: portal("quality_flow"), description: &description, from: &from, to: &to, numbers: &numbers }.draw()
}

/// A moment as the foot of a chart shows it: `07-01 02:00`.
fn short(finished: &str) -> String {
    shown(finished).chars().skip(5).collect()
}

/// Findings over time.
pub fn trend_chart(moments: &[Moment]) -> String {
    let names: Vec<String> = moments.iter().map(|m| short(&m.finished)).collect();
    let of = [|f: FoundBySeverity| f.error, |f: FoundBySeverity| f.explain, |f: FoundBySeverity| f.note];
    let lines: Vec<LineSeries> = series()
        .into_iter()
        .zip(of)
        .map(|((name, ink), of)| LineSeries { name, ink, numbers: moments.iter().map(|m| of(m.found)).collect() })
        .collect();
    LineChart { id: "trend", title: portal("quality_trend"), description: portal("quality_beside"), moments: &names, lines: &lines }.draw()
}

/// An edit's findings over time.
pub fn edit_trend_chart(edit: &EditQuality) -> String {
    let names: Vec<String> = edit.trend.iter().map(|m| short(&m.finished)).collect();
    let line = LineSeries {
        name: portal("quality_findings").to_owned(),
        ink: Severity::from_id(&edit.severity).map_or(Ink::Note, ink),
        numbers: edit.trend.iter().map(|m| m.findings).collect(),
    };
    let title = format!("{} {}", edit.code, portal("quality_trend"));
    LineChart { id: "trend", title: &title, description: portal("quality_beside"), moments: &names, lines: &[line] }.draw()
}
