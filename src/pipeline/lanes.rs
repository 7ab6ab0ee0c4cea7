//! Lanes of children: whoever takes long makes way for whoever does not.
//!
//! A child begins in the ordinary lane. The more CPU time it has used, the lower its priority. In the portal a child past
//! [`LONG_S`] seconds moves to the long lane; if that is taken, it ends and begins again there later, so that it never
//! keeps the place, or the memory, of a file that is read in a moment.

use super::turns::{Turn, Turns};
use std::io;
use std::process::ExitStatus;
use std::time::{Duration, Instant};
use tokio::process::Child;

/// Seconds of CPU time after which a child is a long one.
const LONG_S: f64 = 2.0;

/// Seconds of CPU time and the niceness that they earn.
const NICENESS: [(f64, i32); 3] = [(0.5, 5), (1.0, 10), (LONG_S, 19)];

/// How often a child is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Places for children.
#[derive(Debug, Clone)]
pub struct Lanes {
    ordinary: Turns,
    /// None where a long child keeps its place: a run waits for all its files anyway.
    long: Option<Turns>,
    /// Seconds of CPU time after which a child is a long one.
    long_s: f64,
}

/// How a child came to its end.
pub enum End {
    /// By itself.
    Exited(ExitStatus),
    /// Its time was over, of which it had used so many seconds of CPU.
    Late {
        /// Seconds.
        used_s: f64,
    },
    /// It takes long, and there is no place for it now.
    MadeWay,
}

/// The place that a child holds.
pub struct Lane {
    /// Given back when the lane is left.
    _turn: Turn,
    /// Who asked for it.
    name: String,
    is_long: bool,
}

impl Lanes {
    /// For a run: so many at a time, however long they take.
    pub fn of_run(children: usize) -> Self {
        Self { ordinary: Turns::new(children, children), long: None, long_s: LONG_S }
    }

    /// For the portal: a few more than cores, since long ones make way, and one lane for those.
    pub fn of_portal(children: usize) -> Self {
        Self { ordinary: Turns::shared(children + 4), long: Some(Turns::shared(children.saturating_sub(1).max(1))), long_s: LONG_S }
    }

    /// Waits for an ordinary place, fairly among those who ask.
    pub async fn enter(&self, name: &str) -> Lane {
        Lane { _turn: self.ordinary.wait(name).await, name: name.to_owned(), is_long: false }
    }

    /// Waits for a place of a long one; an ordinary one that is held is given back before.
    pub async fn make_way(&self, lane: Lane) -> Lane {
        let name = lane.name.clone();
        drop(lane);
        let turn = self.long.as_ref().unwrap_or(&self.ordinary).wait(&name).await;
        Lane { _turn: turn, name, is_long: true }
    }

    /// Watches a child until it ends, or must.
    pub async fn watch(&self, child: &mut Child, lane: &mut Lane, deadline: Duration) -> io::Result<End> {
        let started = Instant::now();
        let pid = child.id();
        let mut niceness = 0;
        loop {
            tokio::select! {
                status = child.wait() => return Ok(End::Exited(status?)),
                () = tokio::time::sleep(LOOK) => {}
            }
            let used = pid.and_then(cpu_s).unwrap_or_else(|| started.elapsed().as_secs_f64());
            if started.elapsed() > deadline {
                let _ = child.kill().await;
                return Ok(End::Late { used_s: used });
            }
            let earned = if lane.is_long { 19 } else { earned(used) };
            if earned > niceness {
                niceness = earned;
                lower(pid, niceness);
            }
            if used > self.long_s && !lane.is_long && !self.move_over(lane) {
                let _ = child.kill().await;
                return Ok(End::MadeWay);
            }
        }
    }

    /// Moves a long child over; false if there is no place for it.
    fn move_over(&self, lane: &mut Lane) -> bool {
        let Some(long) = &self.long else {
            lane.is_long = true;
            return true;
        };
        let Some(turn) = long.now(&lane.name) else { return false };
        *lane = Lane { _turn: turn, name: lane.name.clone(), is_long: true };
        true
    }
}

fn earned(used: f64) -> i32 {
    NICENESS.iter().rev().find(|(s, _)| used > *s).map_or(0, |(_, niceness)| *niceness)
}

#[cfg(unix)]
fn lower(pid: Option<u32>, niceness: i32) {
    use rustix::process::{Pid, setpriority_process};
    let pid = pid.and_then(|p| i32::try_from(p).ok()).and_then(Pid::from_raw);
    // Without a process there is nothing to lower, and no id would mean this one.
    if pid.is_some() {
        let _ = setpriority_process(pid, niceness);
    }
}

#[cfg(not(unix))]
fn lower(_: Option<u32>, _: i32) {}

/// Seconds of CPU time that a process has used, where the system tells: `utime` and `stime` of its `stat`, in ticks
/// that Linux gives as hundredths whatever its own are.
#[cfg(target_os = "linux")]
fn cpu_s(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold blanks; the state follows as the third field.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field - 3).and_then(|f| f.parse::<u64>().ok());
    Some((ticks(14)? + ticks(15)?) as f64 / 100.0)
}

#[cfg(not(target_os = "linux"))]
fn cpu_s(_: u32) -> Option<f64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use tokio::process::Command;

    fn busy() -> Child {
        Command::new("sh").args(["-c", "while :; do :; done"]).kill_on_drop(true).spawn().expect("a shell")
    }

    #[tokio::test]
    async fn a_long_child_moves_over_and_a_second_one_makes_way() {
        let lanes = Lanes { long_s: 0.2, ..Lanes::of_portal(1) };
        let free = lanes.ordinary.free();
        let (mut one, mut other) = (busy(), busy());
        let (mut a, mut b) = (lanes.enter("a").await, lanes.enter("b").await);
        assert_eq!(lanes.ordinary.free(), free - 2);
        let deadline = Duration::from_secs(300);
        let end = tokio::select! {
            end = lanes.watch(&mut one, &mut a, deadline) => end,
            end = lanes.watch(&mut other, &mut b, deadline) => end,
        };
        assert!(matches!(end, Ok(End::MadeWay)), "there is one long place");
        assert!(a.is_long != b.is_long, "the other has it");
        assert_eq!(lanes.ordinary.free(), free - 1);
        drop((a, b));
        assert_eq!(lanes.ordinary.free(), free);
    }

    #[test]
    fn priority_falls_with_the_time_used() {
        assert_eq!([0.1, 0.6, 1.5, 2.5].map(earned), [0, 5, 10, 19]);
        assert!(cpu_s(std::process::id()).is_some());
    }
}
