//! How often somebody may ask for what costs much.

use super::tries::Tries;
use crate::portal::error::PortalError;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Keys remembered at most; whoever comes when there are more waits.
const MOST_KEYS: usize = 20_000;
/// For so long a password may wait for its turn to be checked.
const TURN: Duration = Duration::from_secs(10);

/// Allowances by key (GCRA): `burst` at once, then one each `period`.
pub struct Allowances {
    period: Duration,
    burst: u32,
    /// By key, the moment at which its allowance is whole again.
    whole: Mutex<HashMap<String, Instant>>,
}

impl Allowances {
    /// So many at once, and so many a minute.
    pub fn new(burst: u32, per_minute: u32) -> Self {
        Self { period: Duration::from_secs(60) / per_minute, burst, whole: Mutex::default() }
    }

    /// Takes one; otherwise says how many seconds to wait.
    pub fn take(&self, key: &str, now: Instant) -> Result<(), u64> {
        let mut all = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_KEYS && !all.contains_key(key) {
            all.retain(|_, whole| *whole > now);
            if all.len() >= MOST_KEYS {
                return Err(self.period.as_secs().max(1));
            }
        }
        let whole = all.get(key).copied().unwrap_or(now).max(now);
        let (after, allowed) = (whole + self.period, now + self.period * self.burst);
        if after > allowed {
            return Err((after - allowed).as_secs() + 1);
        }
        all.insert(key.to_owned(), after);
        Ok(())
    }
}

/// The limits of the portal.
pub struct DoorLimits {
    /// Wrong passwords.
    pub tries: Tries,
    /// Uploads by account.
    pub upload: Allowances,
    /// Requests of programs by token.
    pub program: Allowances,
    /// Passwords checked at a time: each takes 19 MiB and a core.
    passwords: Semaphore,
}

impl Default for DoorLimits {
    fn default() -> Self {
        Self {
            tries: Tries::default(),
            upload: Allowances::new(120, 120),
            program: Allowances::new(600, 3000),
            passwords: Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from).max(2)),
        }
    }
}

impl DoorLimits {
    /// Waits for a turn to check or hash a password.
    ///
    /// # Errors
    /// Too many others wait.
    pub async fn password_turn(&self) -> Result<SemaphorePermit<'_>, PortalError> {
        let turn = tokio::time::timeout(TURN, self.passwords.acquire()).await;
        turn.ok().and_then(Result::ok).ok_or(PortalError::Overloaded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_one_a_period() {
        let (allowances, start) = (Allowances::new(3, 6), Instant::now());
        let later = |seconds| start + Duration::from_secs(seconds);
        assert!((0..3).all(|_| allowances.take("a", start).is_ok()));
        let wait = allowances.take("a", start).expect_err("three were taken");
        assert!((10..=11).contains(&wait), "{wait}");
        assert!(allowances.take("b", start).is_ok(), "others are not held up");
        assert!(allowances.take("a", later(11)).is_ok());
        assert!(allowances.take("a", later(11)).is_err());
    }
}
