//! The portal's clock: Asia/Shanghai, and movable for trials.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

/// Tells the time; `ahead` is how far it is moved.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    ahead: TimeDelta,
}

/// Asia/Shanghai, which knows no summer time.
const SHANGHAI: FixedOffset = match FixedOffset::east_opt(8 * 3600) {
    Some(zone) => zone,
    None => panic!("eight hours are a valid offset"),
};

impl Clock {
    /// A clock that shows `now` at this moment; the system's time if nothing is said.
    pub fn new(now: Option<DateTime<FixedOffset>>) -> Self {
        let ahead = now.map_or(TimeDelta::zero(), |now| now.with_timezone(&Utc) - Utc::now());
        Self { ahead }
    }

    /// The time in Asia/Shanghai.
    pub fn now(&self) -> DateTime<FixedOffset> {
        (Utc::now() + self.ahead).with_timezone(&SHANGHAI)
    }

    /// The time as the ledger keeps it: `2026-07-01T02:00:00+0800`.
    pub fn stamp(&self) -> String {
        Self::text(self.now())
    }

    /// A moment as the ledger keeps it; texts of one zone sort by time.
    pub fn text(moment: DateTime<FixedOffset>) -> String {
        moment.format("%Y-%m-%dT%H:%M:%S%z").to_string()
    }
}
