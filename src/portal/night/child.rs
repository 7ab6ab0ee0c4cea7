//! The child process of a run: this program once more, telling its progress line by line.

use super::active::{Active, Stop};
use super::room::Night;
use crate::pipeline::ProgressEvent;
use serde::Deserialize;
use std::io::Write;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

/// The error of a run that found another one active.
const BUSY: &str = "ERR-003";
/// How often, and after how many seconds, a run is tried again while one that was started past the portal is active.
const TRIES: u32 = 60;
const PAUSE_S: u64 = 10;

/// How the process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// A run stands: a new one, or the last one since nothing changed.
    Done {
        /// Its id.
        run: String,
        /// Whether nothing had changed.
        unchanged: bool,
    },
    /// It said why it could not go on.
    Failed {
        /// The error's code.
        code: String,
        /// Its words.
        message: String,
    },
    /// It ended without a word.
    Died,
    /// It was stopped.
    Stopped(Stop),
}

/// The closing line of a run.
#[derive(Deserialize)]
struct Closing {
    run: String,
    unchanged: bool,
}

/// The error of a run.
#[derive(Deserialize)]
struct Failure {
    error: String,
    message: String,
    #[serde(default)]
    findings: Vec<String>,
}

/// Runs; while a run past the portal is active, waits for its end.
pub(super) async fn run(night: Night) -> Ended {
    for _ in 0..TRIES {
        let ended = once(&night).await;
        if !matches!(&ended, Ended::Failed { code, .. } if code == BUSY) {
            return ended;
        }
        night.active.current.send_modify(|c| _ = c.as_mut().map(|c| c.again(true)));
        let mut stop = night.active.stop.subscribe();
        let stopped = async { stop.wait_for(Option::is_some).await.ok().and_then(|s| *s) };
        if let Ok(Some(stop)) = tokio::time::timeout(Duration::from_secs(PAUSE_S), stopped).await {
            return Ended::Stopped(stop);
        }
    }
    once(&night).await
}

/// Starts the process and sees it through.
async fn once(night: &Night) -> Ended {
    let mut child = match command(night).and_then(|mut command| command.spawn()) {
        Ok(child) => child,
        Err(error) => {
            tracing::error!(%error, "a run could not be started");
            return Ended::Died;
        }
    };
    // The run ends when this end of its input closes, however that comes about.
    let _held = child.stdin.take();
    let mut stop = night.active.stop.subscribe();
    let wanted = tokio::select! {
        ended = told(&night.active, &mut child) => return ended,
        wanted = stop.wait_for(Option::is_some) => wanted.ok().and_then(|s| *s),
    };
    let _ = child.kill().await;
    Ended::Stopped(wanted.unwrap_or(Stop::Parked))
}

fn command(night: &Night) -> std::io::Result<Command> {
    let config = &night.config;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("run").arg("--events").args(["--format", "json"]);
    command.arg("--config").arg(&night.config_path).arg("--inputs").arg(&config.inputs).arg("--outputs").arg(&config.outputs);
    let typed = |key: &str| config.typed.get("run").and_then(|run| run.get(key)).and_then(|v| v.as_str());
    // What was typed counts; "today" is the portal's; a date of the file the run reads itself.
    let today = (config.run.as_of == "today").then(|| night.clock.now().date_naive().to_string());
    if let Some(as_of) = typed("as_of").map(str::to_owned).or(today) {
        command.arg("--as-of").arg(as_of);
    }
    if let Some(lang) = typed("lang") {
        command.arg("--lang").arg(lang);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    Ok(command)
}

/// Listens to the process until its end.
async fn told(active: &Active, child: &mut Child) -> Ended {
    let (mut closing, mut failure) = (None, None);
    let (said, complained) = (child.stdout.take(), child.stderr.take());
    let events = lines(said, |line| match serde_json::from_str::<ProgressEvent>(line) {
        Ok(event) => active.current.send_modify(|c| _ = c.as_mut().map(|c| c.told(event))),
        Err(_) => closing = serde_json::from_str::<Closing>(line).ok().or(closing.take()),
    });
    let errors = lines(complained, |line| match serde_json::from_str::<Failure>(line) {
        Ok(said) => failure = Some(said),
        // Its events go where ours go.
        Err(_) => _ = writeln!(std::io::stderr(), "{line}"),
    });
    tokio::join!(events, errors);
    conclude(child.wait().await.ok(), closing, failure)
}

async fn lines(from: Option<impl AsyncRead + Unpin>, mut take: impl FnMut(&str)) {
    let Some(from) = from else { return };
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        take(&line);
    }
}

/// What an end means. A run with more error findings than `[run] fail_above` (code 3) stands all the same.
fn conclude(status: Option<ExitStatus>, closing: Option<Closing>, failure: Option<Failure>) -> Ended {
    match (status.and_then(|s| s.code()), closing, failure) {
        (Some(0 | 3), Some(Closing { run, unchanged }), _) => Ended::Done { run, unchanged },
        (Some(_), _, Some(Failure { error, message, findings })) => {
            let message = std::iter::once(message).chain(findings).collect::<Vec<_>>().join("\n");
            Ended::Failed { code: error, message }
        }
        _ => Ended::Died,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    fn ended(status: i32, closing: Option<&str>, failure: Option<&str>) -> Ended {
        let closing = closing.map(|c| serde_json::from_str(c).expect("a closing line"));
        let failure = failure.map(|f| serde_json::from_str(f).expect("an error"));
        conclude(Some(ExitStatus::from_raw(status)), closing, failure)
    }

    #[test]
    fn an_end_without_a_word_is_a_death() {
        let closing = r#"{"run": "r1", "folder": "x", "unchanged": true, "summary": {}}"#;
        let failure = r#"{"error": "ERR-005", "message": "没有可读的输入", "help": "", "findings": ["a.xlsx"]}"#;
        assert_eq!(ended(0, Some(closing), None), Ended::Done { run: "r1".into(), unchanged: true });
        assert_eq!(ended(3 << 8, Some(closing), None), Ended::Done { run: "r1".into(), unchanged: true });
        let failed = Ended::Failed { code: "ERR-005".into(), message: "没有可读的输入\na.xlsx".into() };
        assert_eq!(ended(4 << 8, None, Some(failure)), failed);
        assert_eq!(ended(9, None, None), Ended::Died, "killed");
        assert_eq!(ended(9, Some(closing), None), Ended::Died, "killed after its closing line: the ledger decides");
        assert_eq!(ended(0, None, None), Ended::Died);
    }
}
