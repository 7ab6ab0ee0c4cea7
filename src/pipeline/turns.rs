//! Places that many wait for, given out fairly: whoever has fewest goes first, then whoever was served longest ago.
//!
//! One sender's eight files must not keep another's one waiting, so those who wait are told apart by a name, and none of
//! them ever holds all places of several.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Places; clones share them.
#[derive(Debug, Clone)]
pub struct Turns(Arc<Mutex<Desk>>);

#[derive(Debug)]
struct Desk {
    free: usize,
    /// Places that one name may hold at a time.
    each: usize,
    held: HashMap<String, usize>,
    /// By name, when it was served last.
    served: HashMap<String, u64>,
    clock: u64,
    /// In the order in which they came.
    waiting: Vec<(String, oneshot::Sender<Turn>)>,
}

/// A place that is held until it is dropped.
#[derive(Debug)]
pub struct Turn {
    turns: Turns,
    name: String,
}

impl Turns {
    /// So many places, of which one name may hold `each`.
    pub fn new(places: usize, each: usize) -> Self {
        let (held, served) = (HashMap::new(), HashMap::new());
        Self(Arc::new(Mutex::new(Desk { free: places, each: each.max(1), held, served, clock: 0, waiting: Vec::new() })))
    }

    /// Places of which one name may hold all but one, where there are several.
    pub fn shared(places: usize) -> Self {
        Self::new(places, places.saturating_sub(1))
    }

    /// Waits for a place; whoever stops waiting gives it on.
    pub async fn wait(&self, name: &str) -> Turn {
        let (give, take) = oneshot::channel();
        self.desk().waiting.push((name.to_owned(), give));
        self.serve();
        match take.await {
            Ok(turn) => turn,
            // Nobody drops the other end without giving; were it so, a place too many is better than none for ever.
            Err(_) => Turn { turns: Self::new(0, 1), name: name.to_owned() },
        }
    }

    /// A place, if there is one now and nobody waits who would come first.
    pub fn now(&self, name: &str) -> Option<Turn> {
        let mut desk = self.desk();
        if desk.free == 0 || !desk.may(name) || desk.waiting.iter().any(|(other, _)| desk.may(other)) {
            return None;
        }
        desk.take(name);
        Some(Turn { turns: self.clone(), name: name.to_owned() })
    }

    /// Gives free places to those who wait.
    fn serve(&self) {
        loop {
            let mut desk = self.desk();
            let Some((name, give)) = desk.next() else { return };
            desk.take(&name);
            drop(desk);
            // Whoever has gone drops the place at once, which comes back here.
            let _ = give.send(Turn { turns: self.clone(), name });
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        // Nothing can panic while the guard is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn free(&self) -> usize {
        self.desk().free
    }
}

impl Desk {
    fn may(&self, name: &str) -> bool {
        self.held.get(name).copied().unwrap_or(0) < self.each
    }

    fn take(&mut self, name: &str) {
        self.clock += 1;
        self.free -= 1;
        *self.held.entry(name.to_owned()).or_default() += 1;
        self.served.insert(name.to_owned(), self.clock);
    }

    fn next(&mut self) -> Option<(String, oneshot::Sender<Turn>)> {
        if self.free == 0 {
            return None;
        }
        let rank = |name: &str| (self.held.get(name).copied().unwrap_or(0), self.served.get(name).copied().unwrap_or(0));
        let able = self.waiting.iter().enumerate().filter(|(_, (name, _))| self.may(name));
        let (place, _) = able.min_by_key(|(place, (name, _))| (rank(name), *place))?;
        Some(self.waiting.remove(place))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut desk = self.turns.desk();
        desk.free += 1;
        if let Some(held) = desk.held.get_mut(&self.name) {
            *held -= 1;
            if *held == 0 {
                desk.held.remove(&self.name);
            }
        }
        drop(desk);
        self.turns.serve();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::task::{Context, Poll, Waker};

    /// Whoever waits, in the order in which they are served while each place is given back at once.
    async fn order(turns: &Turns, names: &[&str]) -> Vec<String> {
        let held = turns.now("first").expect("a place");
        let mut waiting: Vec<_> = names.iter().map(|name| Box::pin(turns.wait(name))).collect();
        let mut context = Context::from_waker(Waker::noop());
        waiting.iter_mut().for_each(|w| assert!(w.as_mut().poll(&mut context).is_pending()));
        drop(held);
        let mut served = Vec::new();
        while !waiting.is_empty() {
            let (place, turn) = waiting
                .iter_mut()
                .enumerate()
                .find_map(|(i, w)| if let Poll::Ready(turn) = w.as_mut().poll(&mut context) { Some((i, turn)) } else { None })
                .expect("somebody is served");
            drop(waiting.remove(place));
            served.push(turn.name.clone());
            drop(turn);
        }
        served
    }

    #[tokio::test]
    async fn eight_of_one_do_not_keep_one_of_another_waiting() {
        let turns = Turns::new(1, 1);
        assert_eq!(order(&turns, &["a", "a", "a", "a", "b", "a", "b"]).await, ["a", "b", "a", "b", "a", "a", "a"]);
        assert_eq!(turns.free(), 1, "all places came back");
    }

    #[tokio::test]
    async fn nobody_holds_all_places_of_several_and_who_leaves_holds_none() {
        let turns = Turns::shared(3);
        let (one, two) = (turns.wait("a").await, turns.now("a").expect("a second place"));
        assert!(turns.now("a").is_none(), "the last is for others");
        let mut third = Box::pin(turns.wait("a"));
        assert!(third.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let other = turns.now("b").expect("which another gets at once");
        drop(third);
        drop(one);
        assert_eq!(turns.free(), 1, "whoever went away was given nothing that stays");
        drop((two, other));
        assert_eq!(turns.free(), 3);
        assert!(Turns::shared(1).now("a").is_some(), "an only place is for anybody");
    }
}
