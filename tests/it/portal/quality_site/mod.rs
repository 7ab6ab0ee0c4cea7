//! The portal end to end: the program listening on a port of its own.

mod hardening;

use crate::util::Site;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A portal that listens; it ends with its test.
pub struct Portal {
    /// Its folder.
    pub site: Site,
    /// `http://127.0.0.1:PORT`
    pub url: String,
    child: Child,
    // Kept open: the program must be able to write.
    _stdout: BufReader<ChildStdout>,
}

impl Portal {
    /// Starts on a site whose configuration adds the given text; its log goes to `portal.log`.
    pub fn start(extra: &str) -> Self {
        let site = Site::new("2026-06-30", extra);
        let log = std::fs::File::create(site.path("portal.log")).expect("a log");
        let mut child = Command::new(env!("CARGO_BIN_EXE_huichi"))
            .current_dir(site.path("."))
            .args(["serve", "--listen", "127.0.0.1:0", "--format", "json"])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let told: serde_json::Value = serde_json::from_str(&line).expect("what it tells is JSON");
        let url = told["url"].as_str().expect("an address").to_owned();
        Self { site, url, child, _stdout: stdout }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.url.trim_start_matches("http://").parse().expect("an address")
    }

    /// A connection to it, whose reads end after half a minute.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a deadline");
        stream
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("a signal");
    }

    /// Waits for its end.
    pub fn ended(&mut self, within: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < within {
            if let Some(status) = self.child.try_wait().expect("its state") {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
