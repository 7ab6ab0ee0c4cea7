//! The portal as its users meet it: the program over HTTP.

mod pool;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A demo that is being served.
pub struct Portal {
    url: String,
    password: String,
    child: Child,
    folder: tempfile::TempDir,
}

/// Somebody who is signed in.
pub struct Visitor {
    url: String,
    cookie: String,
    client: reqwest::Client,
}

/// Status and body of an answer.
pub type Answer = (u16, String);

impl Portal {
    /// Starts a demo in a folder of its own.
    pub fn demo() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(env!("CARGO_BIN_EXE_huichi"))
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--format", "json"])
            .env("TMPDIR", folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let told: serde_json::Value = serde_json::from_str(&line).expect("what it tells");
        let word = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        Self { url: word(&told["url"]), password: word(&told["accounts"][0][2]), child, folder }
    }

    /// The folder of the demo's site.
    pub fn site(&self) -> PathBuf {
        let mut entries = std::fs::read_dir(self.folder.path()).expect("the folder").filter_map(Result::ok).map(|e| e.path());
        entries.find(|path| path.join("pipeline.toml").is_file()).expect("the site")
    }

    /// Runs the pipeline over the site, once the demo's own run has ended.
    pub fn run(&self) {
        let config = self.site().join("pipeline.toml");
        let arguments = ["run", "--quiet", "--config"].map(Path::new);
        let start = Instant::now();
        loop {
            let output = Command::new(env!("CARGO_BIN_EXE_huichi")).args(arguments).arg(&config).output().expect("the program starts");
            let told = String::from_utf8_lossy(&output.stderr);
            if output.status.success() {
                return;
            }
            assert!(told.contains("ERR-003") && start.elapsed() < Duration::from_secs(120), "{told}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Signs in.
    pub async fn sign_in(&self, name: &str) -> Visitor {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let form = format!("name={name}&password={}", self.password);
        let sent = client.post(format!("{}/sign-in", self.url)).header("content-type", "application/x-www-form-urlencoded").body(form);
        let answer = sent.send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 303, "{name} is let in");
        let cookie = answer.headers()["set-cookie"].to_str().expect("a cookie").split(';').next().unwrap_or_default().to_owned();
        Visitor { url: self.url.clone(), cookie, client }
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Visitor {
    /// Asks for a page.
    pub async fn get(&self, path: &str) -> Answer {
        let answer = self.client.get(format!("{}{path}", self.url)).header("cookie", &self.cookie).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    }
}
