//! Wrong passwords: each makes the next try wait longer, by the name that is tried and by where it comes from.
//!
//! Nobody is shut out. What waits is a name at one place, so that a stranger elsewhere holds its owner up as little as
//! an office that shares an address; a name everywhere and a place for all names wait only after many tries, and never
//! for long. A browser from which the account was signed in before waits for its own tries alone. Names that nobody has
//! wait like the others, and time forgives.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Keys remembered at most.
const MOST_KEYS: usize = 50_000;

/// How tries of one kind of key wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Wrong ones before any waits.
    free: u32,
    /// Seconds of the first wait; each further one is twice as long.
    first_s: u64,
    /// Seconds of the longest.
    longest_s: u64,
    /// Seconds after which one wrong try is forgiven.
    forgiven_s: u64,
}

/// A name at one place, or in one browser that is known.
const CLOSE: Rule = Rule { free: 5, first_s: 2, longest_s: 120, forgiven_s: 600 };
/// A name everywhere: tries from many places.
const NAME: Rule = Rule { free: 100, first_s: 1, longest_s: 60, forgiven_s: 60 };
/// A place for all names: a whole office may come from one.
const PLACE: Rule = Rule { free: 25, first_s: 1, longest_s: 10, forgiven_s: 60 };

impl Rule {
    /// How long to wait after so many wrong ones, if at all.
    fn wait(self, failures: u32) -> Option<Duration> {
        let doubled = failures.checked_sub(self.free + 1)?.min(16);
        Some(Duration::from_secs((self.first_s << doubled).min(self.longest_s)))
    }
}

/// What a try counts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    key: String,
    rule: Rule,
    /// Whether the right password clears it: it is whose password it is who tries there.
    own: bool,
}

/// A try for a name from a place.
pub fn from_place(name: &str, place: &str) -> Vec<Counted> {
    // The ledger takes names of ASCII letters for the same whatever their case.
    let name = name.to_ascii_lowercase();
    vec![
        Counted { key: format!("{place} {name}"), rule: CLOSE, own: true },
        Counted { key: format!("name {name}"), rule: NAME, own: false },
        from_anywhere(place),
    ]
}

/// A try for an account from a browser that is known.
pub fn from_browser(mark: &str) -> Vec<Counted> {
    vec![Counted { key: format!("browser {mark}"), rule: CLOSE, own: true }]
}

/// A try of somebody who is signed in for the password of his own account.
pub fn from_within(account: i64) -> Vec<Counted> {
    vec![Counted { key: format!("account {account}"), rule: CLOSE, own: true }]
}

/// A try that names nobody.
pub fn from_anywhere(place: &str) -> Counted {
    Counted { key: format!("place {place}"), rule: PLACE, own: false }
}

/// Wrong tries of a key.
#[derive(Debug, Clone, Copy)]
struct Wrong {
    tries: u32,
    /// From when on the next one is forgiven.
    since: Instant,
    /// Until when no further one is taken, if it must wait.
    until: Option<Instant>,
    rule: Rule,
}

impl Wrong {
    fn forgive(&mut self, now: Instant) {
        let each = Duration::from_secs(self.rule.forgiven_s);
        let forgiven = u32::try_from(now.saturating_duration_since(self.since).as_secs() / self.rule.forgiven_s).unwrap_or(u32::MAX);
        self.tries = self.tries.saturating_sub(forgiven);
        self.since = if self.tries == 0 { now } else { self.since + each * forgiven };
    }
}

/// Wrong tries by key.
#[derive(Debug, Default)]
pub struct Tries(Mutex<HashMap<String, Wrong>>);

impl Tries {
    /// Takes a try, and counts it as wrong until it is known to be right: tries beside each other gain nothing. Otherwise
    /// says how many seconds to wait; such a try counts for nothing.
    pub fn begin(&self, counted: &[Counted], now: Instant) -> Result<(), u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() + counted.len() > MOST_KEYS {
            all.retain(|_, wrong| {
                wrong.forgive(now);
                wrong.tries > 0
            });
            if all.len() + counted.len() > MOST_KEYS {
                all.retain(|_, wrong| wrong.until.is_some_and(|until| until > now));
            }
        }
        let until = counted.iter().filter_map(|c| all.get(&c.key)?.until).max().filter(|until| *until > now);
        if let Some(until) = until {
            return Err((until - now).as_secs() + 1);
        }
        for Counted { key, rule, .. } in counted {
            let fresh = Wrong { tries: 0, since: now, until: None, rule: *rule };
            let wrong = all.entry(key.clone()).or_insert(fresh);
            wrong.forgive(now);
            wrong.tries = wrong.tries.saturating_add(1);
            wrong.until = rule.wait(wrong.tries).map(|wait| now + wait);
        }
        Ok(())
    }

    /// A try that was taken was right.
    pub fn right(&self, counted: &[Counted]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for Counted { key, own, .. } in counted {
            let left = all.get_mut(key).map(|wrong| {
                wrong.tries -= u32::from(wrong.tries > 0);
                wrong.until = None;
                wrong.tries
            });
            if *own || left == Some(0) {
                all.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn waits_grow_to_a_bound_and_what_waits_counts_for_nothing() {
        let (tries, start) = (Tries::default(), Instant::now());
        let wang = from_place("wang", "10.0.0.1");
        assert!((0..6).all(|_| tries.begin(&wang, start).is_ok()));
        assert_eq!(tries.begin(&wang, start), Err(3));
        assert!(tries.begin(&from_place("WANG", "10.0.0.1"), start).is_err(), "another spelling is no other name");
        assert!((0..50).all(|_| tries.begin(&wang, start + seconds(1)).is_err()));
        assert!(tries.begin(&wang, start + seconds(2)).is_ok());
        assert_eq!(tries.begin(&wang, start + seconds(2)), Err(5));
        assert!(tries.begin(&from_place("wang", "10.0.0.2"), start).is_ok(), "elsewhere she goes on");
        assert!(tries.begin(&from_browser("abc"), start).is_ok());
        let waits = [0, 5, 6, 7, 8, 12, 40, u32::MAX].map(|n| CLOSE.wait(n).map_or(0, |wait| wait.as_secs()));
        assert_eq!(waits, [0, 0, 2, 4, 8, 120, 120, 120]);
    }

    #[test]
    fn one_try_a_quarter_of_an_hour_shuts_nobody_out() {
        let (tries, start) = (Tries::default(), Instant::now());
        let wang = from_place("wang", "10.0.0.1");
        let mut now = start;
        while now < start + seconds(3600) {
            let _ = tries.begin(&wang, now);
            now += seconds(1);
        }
        let mut held_up = 0;
        for _ in 0..96 {
            now += seconds(900);
            let _ = tries.begin(&wang, now);
            held_up = tries.begin(&wang, now + seconds(130)).err().unwrap_or(0);
            tries.right(&wang);
        }
        assert_eq!(held_up, 0);
    }

    #[test]
    fn an_office_is_slowed_down_and_not_shut_out() {
        let (tries, start) = (Tries::default(), Instant::now());
        let mut now = start;
        for guess in 0..2000 {
            let _ = tries.begin(&from_place(&format!("nobody{guess}"), "10.0.0.1"), now);
            now += Duration::from_millis(100);
        }
        assert!((0..=10).any(|s| tries.begin(&from_place("li", "10.0.0.1"), now + seconds(s)).is_ok()), "ten seconds at most");
    }

    #[test]
    fn the_right_password_clears_ones_own_tries_and_not_those_of_others() {
        let (tries, start) = (Tries::default(), Instant::now());
        let wang = from_place("wang", "10.0.0.1");
        assert!((0..5).all(|_| tries.begin(&wang, start).is_ok()));
        tries.right(&wang);
        assert!((0..6).all(|_| tries.begin(&wang, start).is_ok()));
        // Whoever knows one password guesses others no faster.
        let own = from_place("li", "10.0.0.1");
        let mut taken = 0;
        for guess in 0..100 {
            if tries.begin(&own, start).is_ok() {
                tries.right(&own);
            }
            taken += u32::from(tries.begin(&from_place(&format!("x{guess}"), "10.0.0.1"), start).is_ok());
        }
        assert!(taken < 25, "{taken}");
    }

    #[test]
    fn a_flood_of_names_is_forgotten_before_it_fills_memory() {
        let (tries, start) = (Tries::default(), Instant::now());
        for i in 0..60_000_u32 {
            let place = format!("10.{}.{}.{}", i >> 16, (i >> 8) & 255, i & 255);
            assert!(tries.begin(&from_place(&format!("n{i}"), &place), start).is_ok());
        }
        assert!(tries.0.lock().expect("the tries").len() <= MOST_KEYS);
    }
}
