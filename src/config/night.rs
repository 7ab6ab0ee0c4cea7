//! `[schedule]` and `[[notice]]`: when the portal runs by itself, and whom it tells.

use super::secret::{Address, Secret};
use chrono::{DateTime, FixedOffset};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use serde::{Deserialize, Serialize};
use validator::Validate;

/// `[schedule]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleOptions {
    /// When runs begin, in Asia/Shanghai: minute, hour, day of the month, month, day of the week. Empty: never.
    #[validate(length(max = 100))]
    pub cron: String,
    /// Whether an accepted upload starts a run.
    pub on_arrival: bool,
    /// Whether a run that was missed is made up when the portal starts.
    pub made_up: bool,
}

impl Default for ScheduleOptions {
    fn default() -> Self {
        Self { cron: "0 2 * * *".into(), on_arrival: false, made_up: true }
    }
}

impl ScheduleOptions {
    /// When runs begin; nothing if never.
    ///
    /// # Errors
    /// The expression says nothing.
    pub fn times(&self) -> Result<Option<Times>, croner::errors::CronError> {
        if self.cron.trim().is_empty() {
            return Ok(None);
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        parser.parse(&self.cron).map(|cron| Some(Times(cron)))
    }
}

/// Moments at which runs begin.
#[derive(Debug, Clone)]
pub struct Times(Cron);

impl Times {
    /// The first moment after this one.
    pub fn after(&self, moment: &DateTime<FixedOffset>) -> Option<DateTime<FixedOffset>> {
        self.0.find_next_occurrence(moment, false).ok()
    }

    /// The last moment up to this one.
    pub fn until(&self, moment: &DateTime<FixedOffset>) -> Option<DateTime<FixedOffset>> {
        self.0.find_previous_occurrence(moment, true).ok()
    }
}

/// `[[notice]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct NoticeOptions {
    /// The service that takes it.
    pub kind: NoticeKind,
    /// Its address; of 企业微信 and 钉钉 with the key that the service gave out.
    pub url: Address,
    /// The secret that signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// What is told; nothing stated: everything.
    #[serde(default)]
    pub events: Vec<NoticeEvent>,
}

/// A service that takes notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// 企业微信, a robot of a group.
    Wecom,
    /// 钉钉, a robot of a group.
    Dingtalk,
    /// Anything that takes JSON.
    Generic,
}

/// Something that is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeEvent {
    /// A new report waits.
    ReportWaits,
    /// A run failed; the last good pool stands.
    RunFailed,
}

impl NoticeEvent {
    /// The word in `pipeline.toml` and in notices.
    pub fn id(self) -> &'static str {
        match self {
            NoticeEvent::ReportWaits => "report_waits",
            NoticeEvent::RunFailed => "run_failed",
        }
    }
}

impl NoticeOptions {
    /// Whether an event is told here.
    pub fn tells(&self, event: NoticeEvent) -> bool {
        self.events.is_empty() || self.events.contains(&event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<FixedOffset> {
        text.parse().expect("a moment")
    }

    #[test]
    fn nights_follow_each_other_in_shanghai() {
        let times = ScheduleOptions::default().times().expect("an expression").expect("some");
        assert_eq!(times.after(&at("2026-07-01T01:59:58+08:00")), Some(at("2026-07-01T02:00:00+08:00")));
        assert_eq!(times.after(&at("2026-07-01T02:00:00+08:00")), Some(at("2026-07-02T02:00:00+08:00")));
        assert_eq!(times.until(&at("2026-07-01T02:00:00+08:00")), Some(at("2026-07-01T02:00:00+08:00")));
        assert_eq!(times.until(&at("2026-07-01T01:59:59.5+08:00")), Some(at("2026-06-30T02:00:00+08:00")));
    }

    #[test]
    fn no_expression_means_never_and_a_wrong_one_is_refused() {
        let times = |cron: &str| ScheduleOptions { cron: cron.into(), ..ScheduleOptions::default() }.times();
        assert!(times(" ").expect("nothing").is_none());
        assert!(["0 2 * *", "0 0 2 * * *", "0 25 * * *", "每天两点"].into_iter().all(|cron| times(cron).is_err()));
        assert!(times("30 1 * * MON-FRI").expect("an expression").is_some());
    }
}
