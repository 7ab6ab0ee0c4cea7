//! Children: this program once more, for work on bytes that nobody vouches for.
//!
//! A 2 kB file can ask for 512 GiB and a failed allocation ends the process; so such work is done by a child with limits
//! on memory, CPU time and wall time that dies with its parent. How it ends tells whose doing that was: a limit that we
//! state is the work's own doing, once it was reached twice; a defect is ours; and what the system ended (short of memory,
//! being shut down) says nothing about the work at all. Whatever ends before its time is tried again.

use super::lanes::{End, Lane, Lanes};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// Exit codes of a child, besides 0.
pub mod exit {
    /// No job, or nobody waits for it any more.
    pub const NO_JOB: i32 = 2;
    /// The disk takes no more.
    pub const DISK: i32 = 6;
    /// A defect of ours; a panic ends with this code too.
    pub const DEFECT: i32 = 101;
}

/// What a child may use.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Limits {
    /// Address space, bytes.
    pub memory_bytes: u64,
    /// CPU time, seconds.
    pub cpu_s: u64,
}

/// A limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Memory, in MiB.
    Memory(u64),
    /// CPU time, in seconds.
    Cpu(u64),
    /// Wall time, in seconds, most of which was used.
    Time(u64),
}

/// How work in a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It is done.
    Done,
    /// It needs more than it may, twice.
    Over(Bound),
    /// A defect of ours, twice.
    Failed,
    /// The system ended it each time.
    Ended,
}

/// A job on its way to a child.
#[derive(Serialize, Deserialize)]
struct Envelope<J> {
    limits: Limits,
    /// The process that waits for the result.
    parent: u32,
    job: J,
}

/// Within a child: takes the job from standard input, and from then on has no more than the job may use.
pub fn job<J: DeserializeOwned>() -> Option<J> {
    die_with_parent();
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).ok()?;
    let envelope: Envelope<J> = serde_json::from_str(&text).ok()?;
    // A parent that died before the line above asked to die with it has not taken this child along.
    if is_orphan(envelope.parent) {
        return None;
    }
    limit(envelope.limits);
    Some(envelope.job)
}

#[cfg(target_os = "linux")]
fn die_with_parent() {
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent() {}

#[cfg(unix)]
fn is_orphan(parent: u32) -> bool {
    rustix::process::getppid().is_none_or(|now| u32::try_from(now.as_raw_pid()) != Ok(parent))
}

#[cfg(not(unix))]
fn is_orphan(_: u32) -> bool {
    false
}

/// What the allocator sets aside of addresses at a time, in KiB: they count for the limit of a child, and its own measure is 1 GiB.
const RESERVE: (&str, &str) = ("MIMALLOC_ARENA_RESERVE", "32768");

/// Seconds between the signal that tells of too much CPU time and the one that cannot be told from other deaths.
const GRACE_S: u64 = 5;

#[cfg(unix)]
fn limit(limits: Limits) {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let cap = |current, maximum| Rlimit { current: Some(current), maximum: Some(maximum) };
    // A limit that the system refuses leaves the deadline, which the parent keeps.
    let _ = setrlimit(Resource::As, cap(limits.memory_bytes, limits.memory_bytes));
    let _ = setrlimit(Resource::Cpu, cap(limits.cpu_s, limits.cpu_s + GRACE_S));
    let _ = setrlimit(Resource::Core, cap(0, 0));
}

#[cfg(not(unix))]
fn limit(_: Limits) {}

/// Pauses before work that the system ended is tried again.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(2)];

/// What is kept of what a child says on standard error.
const SAID: u64 = 64 << 10;

/// Variables that a child may see; any other may be a secret of the settings, which is no business of whoever reads a stranger's file.
const PASSED_ON: [&str; 10] =
    ["PATH", "HOME", "TMPDIR", "TZ", "LANG", "HUICHI_LOG", "RUST_BACKTRACE", "RUST_LIB_BACKTRACE", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE"];

/// Whether a child may see a variable; Windows starts no program without the last three.
fn is_passed_on(name: &str) -> bool {
    let own = PASSED_ON.contains(&name) || name.starts_with("LC_");
    own || cfg!(windows) && ["SYSTEMROOT", "TEMP", "TMP"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// How children are started.
#[derive(Debug, Clone)]
pub struct Children {
    program: PathBuf,
    command: &'static str,
    limits: Limits,
    deadline: Duration,
    pauses: [Duration; 2],
    lanes: Lanes,
}

impl Children {
    /// This program, with a hidden subcommand.
    ///
    /// # Errors
    /// The system does not tell where this program lies.
    pub fn new(command: &'static str, limits: Limits, deadline_s: u64, lanes: Lanes) -> io::Result<Self> {
        let (program, deadline) = (std::env::current_exe()?, Duration::from_secs(deadline_s));
        Ok(Self { program, command, limits, deadline, pauses: PAUSES, lanes })
    }

    /// Has a child do a job that `name` asks for.
    ///
    /// # Errors
    /// The child cannot be started at all, or the disk takes no more.
    pub async fn work<J: Serialize>(&self, name: &str, job: &J) -> io::Result<Ending> {
        let text = serde_json::to_vec(&Envelope { limits: self.limits, parent: std::process::id(), job })?;
        let (mut reached, mut failed, mut pauses) = (0, 0, self.pauses.into_iter());
        loop {
            let (end, said) = self.once(name, &text).await?;
            let ending = self.meaning(&end, &said)?;
            match ending {
                Ending::Done => return Ok(ending),
                Ending::Over(_) => reached += 1,
                Ending::Failed => failed += 1,
                Ending::Ended => match pauses.next() {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Ok(ending),
                },
            }
            tracing::warn!(child.command = self.command, ?ending, "a child ended before its work was done");
            if reached.max(failed) == 2 {
                return Ok(ending);
            }
        }
    }

    /// One try, begun again in the long lane if it takes long.
    async fn once(&self, name: &str, job: &[u8]) -> io::Result<(End, Vec<u8>)> {
        let mut lane = self.lanes.enter(name).await;
        loop {
            let (end, said) = self.child(job, &mut lane).await?;
            if !matches!(end, End::MadeWay) {
                return Ok((end, said));
            }
            lane = self.lanes.make_way(lane).await;
        }
    }

    /// Starts a child and stays with it until its end.
    async fn child(&self, job: &[u8], lane: &mut Lane) -> io::Result<(End, Vec<u8>)> {
        let mut child = Command::new(&self.program)
            .arg(self.command)
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_passed_on)))
            .env(RESERVE.0, RESERVE.1)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let said = child.stderr.take().map(|mut stderr| {
            tokio::spawn(async move {
                let mut said = Vec::new();
                let _ = (&mut stderr).take(SAID).read_to_end(&mut said).await;
                let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
                said
            })
        });
        if let Some(mut stdin) = child.stdin.take() {
            // A child that dies before it has read its job, or never reads it, is told by its end.
            let _ = tokio::time::timeout(self.deadline, stdin.write_all(job)).await;
        }
        let end = self.lanes.watch(&mut child, lane, self.deadline).await?;
        let said = match said {
            Some(said) => said.await.unwrap_or_default(),
            None => Vec::new(),
        };
        Ok((end, said))
    }

    /// What the end of a child means.
    fn meaning(&self, end: &End, said: &[u8]) -> io::Result<Ending> {
        let status = match end {
            End::Exited(status) => *status,
            // Whoever worked most of the time was given enough of it.
            End::Late { used_s } if used_s * 2.0 > self.deadline.as_secs_f64() => {
                return Ok(Ending::Over(Bound::Time(self.deadline.as_secs())));
            }
            End::Late { .. } | End::MadeWay => return Ok(Ending::Ended),
        };
        Ok(match status.code() {
            Some(0) => Ending::Done,
            Some(exit::DISK) => return Err(io::ErrorKind::StorageFull.into()),
            Some(exit::NO_JOB) => Ending::Ended,
            Some(_) => Ending::Failed,
            None => self.of_signal(status, said),
        })
    }

    #[cfg(unix)]
    fn of_signal(&self, status: ExitStatus, said: &[u8]) -> Ending {
        use rustix::process::Signal;
        use std::os::unix::process::ExitStatusExt;
        // What Rust's runtime says before it aborts for want of memory.
        let allocating = said.windows(ALLOCATION.len()).any(|w| w == ALLOCATION);
        match status.signal().and_then(Signal::from_named_raw) {
            Some(Signal::XCPU) => Ending::Over(Bound::Cpu(self.limits.cpu_s)),
            Some(Signal::ABORT) if allocating => Ending::Over(Bound::Memory(self.limits.memory_bytes >> 20)),
            Some(Signal::ABORT | Signal::SEGV | Signal::BUS | Signal::ILL | Signal::FPE | Signal::SYS | Signal::TRAP) => Ending::Failed,
            _ => Ending::Ended,
        }
    }

    #[cfg(not(unix))]
    fn of_signal(&self, _: ExitStatus, _: &[u8]) -> Ending {
        Ending::Failed
    }
}

#[cfg(unix)]
const ALLOCATION: &[u8] = b"memory allocation of ";

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// Children that run a script; `$n` is which try it is.
    async fn ending(script: &str) -> (Option<Ending>, usize) {
        let folder = tempfile::tempdir().expect("a folder");
        let (program, tries) = (folder.path().join("program"), folder.path().join("tries"));
        let text = format!("#!/bin/sh\ncat >/dev/null\necho x >>{0}\nn=$(wc -l <{0})\n{script}\n", tries.display());
        std::fs::write(&program, text).expect("written");
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("a program");
        let limits = Limits { memory_bytes: 512 << 20, cpu_s: 7 };
        let lanes = Lanes::of_portal(1);
        let children = Children { program, command: "x", limits, deadline: Duration::from_secs(1), pauses: [Duration::ZERO; 2], lanes };
        let ending = children.work("s", &0).await.ok();
        (ending, std::fs::read_to_string(tries).expect("tries").lines().count())
    }

    #[test]
    fn a_child_sees_no_variable_that_may_be_a_secret() {
        let shown = ["PATH", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "HUICHI_LOG", "RUST_BACKTRACE"];
        assert!(shown.into_iter().all(is_passed_on));
        let hidden = ["HUICHI_MARKET", "HUICHI_LOG_KEY", "PASSWORD", "LANGUAGE_KEY", "XLC_ALL", "AWS_SECRET_ACCESS_KEY", ""];
        assert!(!hidden.into_iter().any(is_passed_on));
    }

    #[tokio::test]
    async fn a_child_is_started_with_no_other_variables() {
        // Cargo gives these tests many of its own.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let script = "[ -z \"$CARGO_MANIFEST_DIR\" ] && [ -n \"$PATH\" ] && exit 0; exit 101";
        assert_eq!(ending(script).await, (Some(Ending::Done), 1));
    }

    #[tokio::test]
    async fn what_the_system_ends_is_tried_again_and_what_reaches_a_limit_twice_is_its_own_doing() {
        let memory = "echo 'memory allocation of 9 bytes failed' >&2; kill -ABRT $$";
        for (script, want, tries) in [
            ("exit 0", Some(Ending::Done), 1),
            ("exit 6", None, 1),
            ("exit 101", Some(Ending::Failed), 2),
            ("kill -SEGV $$", Some(Ending::Failed), 2),
            ("kill -ABRT $$", Some(Ending::Failed), 2),
            ("[ $n = 1 ] && exit 101; exit 0", Some(Ending::Done), 2),
            ("kill -KILL $$", Some(Ending::Ended), 3),
            ("kill -TERM $$", Some(Ending::Ended), 3),
            ("[ $n -lt 3 ] && kill -KILL $$; exit 0", Some(Ending::Done), 3),
            (memory, Some(Ending::Over(Bound::Memory(512))), 2),
            ("kill -XCPU $$", Some(Ending::Over(Bound::Cpu(7))), 2),
            ("[ $n = 1 ] && kill -XCPU $$; exit 0", Some(Ending::Done), 2),
            ("[ $n = 2 ] && kill -KILL $$; kill -XCPU $$", Some(Ending::Over(Bound::Cpu(7))), 3),
            ("[ $n = 1 ] && exec sleep 9; exit 0", Some(Ending::Done), 2),
        ] {
            assert_eq!(ending(script).await, (want, tries), "{script}");
        }
    }
}
